import assert from "node:assert/strict";
import { CON, Message, NONE, Option } from "../../../../protocols/coap/messages/codec.ts";
import {
  decodeFrame,
  looksLikeCoap,
  withLength,
  withoutLength,
} from "../../../../protocols/coap/stream/codec.ts";
import { ProtocolError } from "../../../../protocols/session.ts";
import { bytes, hex } from "../../fakes.ts";
import { seeded } from "../fake_datagrams.ts";
import { frame } from "./stage.ts";

const limits = { maxMessageBytes: 1 << 20, maxOptions: 16 };

for (const length of [0, 1, 12, 13, 14, 268, 269, 270, 65_804, 65_805, 65_806, 300_000]) {
  Deno.test(`StreamComposer and decodeFrame agree on ${length} bytes after the token`, () => {
    // An option of one byte, or a marker and a payload.
    const options = length === 1 ? [new Option(5, NONE)] : [];
    const payload = length < 2 ? NONE : new Uint8Array(length - 1);
    for (const token of [hex(""), hex("0102030405060708")]) {
      const sent = new Message(CON, 0x45, 0, token, options, payload), written = frame(sent);
      const found = decodeFrame(written, limits)!;
      assert.equal(found.used, written.length);
      assert.deepEqual(found.message, sent);
      assert.equal(decodeFrame(written.subarray(0, -1), limits), undefined);
      assert.deepEqual(withLength(withoutLength(written.slice())), written);
    }
  });
}

const message = new Message(CON, 1, 0, hex("07"), [new Option(11, bytes("a"))], bytes("xyz"));

Deno.test("decodeFrame waits for the end of every truncated message", () => {
  const whole = frame(message);
  for (let end = 0; end < whole.length; end++) {
    assert.equal(decodeFrame(whole.subarray(0, end), limits), undefined);
  }
  assert.deepEqual(decodeFrame(whole, limits), { message, used: whole.length });
});

Deno.test("decodeFrame reads or refuses whatever comes", () => {
  const seed = 8323, random = seeded(seed);
  for (let round = 0; round < 50_000; round++) {
    const input = round % 2 === 0
      ? frame(message)
      : Uint8Array.from({ length: 1 + random() * 40 }, () => random() * 256);
    if (round % 2 === 0) input[Math.floor(random() * input.length)]! ^= 1 << random() * 8;
    try {
      const found = decodeFrame(input, limits);
      assert(found === undefined || found.used <= input.length, `seed ${seed}, round ${round}`);
    } catch (error) {
      assert(error instanceof ProtocolError, `seed ${seed}, round ${round}: ${error}`);
    }
  }
});

const refused: [hexadecimal: string, reason: RegExp][] = [
  ["09", /token of 9 bytes/],
  ["f0ffffffff01", /bytes: 1048576 are allowed/],
  ["1001f0", /15 is reserved/],
  ["1001ff", /nothing follows its marker/],
];

for (const [digits, reason] of refused) {
  Deno.test(`decodeFrame refuses ${digits}`, () => {
    assert.throws(() => decodeFrame(hex(digits), limits), reason);
  });
}

for (const digits of ["", "00", "1001", "0901", "0201aa"]) {
  Deno.test(`withLength refuses ${digits || "nothing"} as a message of a WebSocket`, () => {
    assert.throws(() => withLength(hex(digits)), ProtocolError);
  });
}

const beginnings: [hexadecimal: string, boolean | "perhaps" | undefined][] = [
  ["00", undefined],
  ["00e1", true],
  ["0001", false],
  ["01", false],
  ["10", undefined],
  ["1010", false],
  ["10e1", undefined],
  ["10e140", "perhaps"],
  ["10e14000", "perhaps"],
  ["10e1400004", "perhaps"],
  ["10e14000044d", false],
  ["10e1400006", "perhaps"],
  ["10e14000064d", false],
  ["10e140000400", true],
  ["10e1400001", true],
  ["10e140b1", true],
  ["10e101", false],
  ["10e141", false],
  ["10e1d0", false],
  ["10e180", "perhaps"],
  ["10e18001", "perhaps"],
  ["10e180010004", "perhaps"],
  ["10e1800100044d", false],
  ["10e180800100044d", false],
  ["10e18001b1", true],
  ["50", undefined],
  ["50e1", true],
  ["504f", false],
  ["d0", undefined],
  ["d001", undefined],
  ["d001e1", true],
  ["e00001e1", true],
  ["160301", false],
];

for (const [digits, verdict] of beginnings) {
  Deno.test(`looksLikeCoap calls ${digits} ${verdict ?? "too little to tell"}`, () => {
    assert.equal(looksLikeCoap(hex(digits)), verdict);
  });
}
