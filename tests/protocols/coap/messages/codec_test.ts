import assert from "node:assert/strict";
import {
  ACK,
  CON,
  decode,
  encode,
  Message,
  NON,
  Option,
  RST,
} from "../../../../protocols/coap/messages/codec.ts";
import { ProtocolError } from "../../../../protocols/session.ts";
import { bytes, hex, join } from "../../fakes.ts";
import { seeded } from "../fake_datagrams.ts";

const MAX_OPTIONS = 64;

function option(number: number, text: string | Uint8Array): Option {
  return new Option(number, typeof text === "string" ? bytes(text) : text);
}

const none = new Uint8Array(0);
const cases: [name: string, digits: string, message: Message][] = [
  ["a ping", "40 00 1234", new Message(CON, 0, 0x1234)],
  ["an acknowledgement", "60 00 ffff", new Message(ACK, 0, 0xffff)],
  ["a reset", "70 00 0000", new Message(RST, 0, 0)],
  ["a request for the root", "40 01 0001", new Message(CON, 1, 1)],
  [
    "a GET with a token",
    "44 01 c409 74657374 b7 6578616d706c65",
    new Message(CON, 1, 0xc409, bytes("test"), [option(11, "example")]),
  ],
  [
    "an answer with a payload",
    "61 45 0001 09 c0 ff 3231",
    new Message(ACK, 0x45, 1, hex("09"), [option(12, none)], bytes("21")),
  ],
  [
    "a token of eight bytes and options of one number",
    "58 03 0002 0102030405060708 b1 61 01 62 00 ff 00",
    new Message(NON, 3, 2, hex("0102030405060708"), [
      option(11, "a"),
      option(11, "b"),
      option(11, none),
    ], hex("00")),
  ],
  [
    "an option with a delta of 13 to 268",
    "40 01 0003 d0 00 d1 ff 41",
    new Message(CON, 1, 3, none, [option(13, none), option(13 + 268, "A")]),
  ],
  [
    "an option with a delta of 269 and the highest number",
    "40 01 0004 e0 0000 e0 fde5",
    new Message(CON, 1, 4, none, [option(269, none), option(65535, none)]),
  ],
  [
    "values of 12, 13, 268 and 269 bytes",
    `40 02 0005 1c ${"61".repeat(12)} 1d00 ${"62".repeat(13)} 1dff ${"63".repeat(268)} ` +
    `1e0000 ${"64".repeat(269)} ff 2a`,
    new Message(CON, 2, 5, none, [
      option(1, "a".repeat(12)),
      option(2, "b".repeat(13)),
      option(3, "c".repeat(268)),
      option(4, "d".repeat(269)),
    ], hex("2a")),
  ],
  ["a code of a reserved class", "40 e1 0006", new Message(CON, 0xe1, 6)],
];

for (const [name, digits, message] of cases) {
  Deno.test(`decode reads ${name}, and encode writes it`, () => {
    const datagram = hex(digits);
    assert.deepEqual(decode(datagram, MAX_OPTIONS), message);
    assert.deepEqual(encode(message), datagram);
    assert.deepEqual(encode(decode(datagram, MAX_OPTIONS)), datagram);
  });
}

const faults: [name: string, digits: string, reason: RegExp][] = [
  ["nothing", "", /its header has 4/],
  ["three bytes", "40 01 00", /its header has 4/],
  ["version 0", "00 01 0001", /version 0/],
  ["version 2", "80 01 0001", /version 2/],
  ["a token of nine bytes", "49 01 0001 010203040506070809", /9 bytes: it has at most 8/],
  ["a token of fifteen bytes", "4f 01 0001 0102030405060708090a0b0c0d0e0f", /15 bytes/],
  ["a token that is cut", "44 01 0001 010203", /the datagram ends within it/],
  ["an empty message with a token", "41 00 0001 01", /something follows its header/],
  ["an empty message with a payload", "40 00 0001 ff 01", /something follows its header/],
  ["an empty message that announces a token", "41 00 0001", /ends within it/],
  ["a marker without a payload", "40 01 0001 ff", /nothing follows its marker/],
  ["a delta of 15", "40 01 0001 f0", /15 is reserved/],
  ["a length of 15", "40 01 0001 0f", /15 is reserved/],
  ["a delta that is cut", "40 01 0001 e0 00", /ends within it/],
  ["a length that is cut", "40 01 0001 1d", /ends within it/],
  ["a value that is cut", "40 01 0001 b4 616263", /option 11: the message ends within it/],
  ["an option number of 65536", "40 01 0001 e0 fef3", /option 65536/],
  ["65 options", `40 01 0001 ${"00".repeat(65)}`, /more than 64 options/],
];

for (const [name, digits, reason] of faults) {
  Deno.test(`decode refuses ${name}`, () => {
    assert.throws(
      () => decode(hex(digits), MAX_OPTIONS),
      (error) => error instanceof ProtocolError && reason.test(error.message),
    );
  });
}

/** A message or a `ProtocolError`, never another error. */
function survives(datagram: Uint8Array, what: string): Message | undefined {
  try {
    return decode(datagram, MAX_OPTIONS);
  } catch (error) {
    assert(error instanceof ProtocolError, `${what}: ${error}`);
    return undefined;
  }
}

Deno.test("decode takes a datagram that is cut for another message or refuses it", () => {
  for (const [name, digits, message] of cases) {
    const datagram = hex(digits);
    for (let size = 0; size < datagram.length; size++) {
      const found = survives(datagram.subarray(0, size), `${name} cut at ${size}`);
      assert.notDeepEqual(found, message);
      if (found) assert.deepEqual(encode(found), datagram.slice(0, size));
    }
  }
});

Deno.test("decode survives every flipped byte", () => {
  for (const [name, digits] of cases) {
    const datagram = hex(digits);
    for (let at = 0; at < datagram.length; at++) {
      for (const mask of [0x01, 0x0f, 0x80, 0xf0, 0xff]) {
        const flipped = datagram.slice();
        flipped[at]! ^= mask;
        survives(flipped, `${name} with byte ${at} flipped by ${mask}`);
      }
    }
  }
});

Deno.test("decode survives 100,000 random datagrams, and what it reads comes back", () => {
  const seed = 7252, random = seeded(seed);
  for (let round = 0; round < 100_000; round++) {
    const tail = Uint8Array.from({ length: random() * 40 }, () => random() * 256);
    const head = Uint8Array.of(0x40 | random() * 0x40 & 0x39, random() * 256, 0, round);
    const datagram = join([head, tail]);
    const found = survives(datagram, `seed ${seed}, round ${round}`);
    if (found === undefined) continue;
    const again = decode(encode(found), MAX_OPTIONS);
    assert.deepEqual(again, found, `seed ${seed}, round ${round}`);
  }
});
