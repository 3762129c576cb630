import assert from "node:assert/strict";
import { ProtocolError } from "../../../../protocols/session.ts";
import {
  decodeHeader,
  encodeFrame,
  type FrameHeader,
  headerSize,
} from "../../../../protocols/websocket/frames/codec.ts";
import { hex } from "../../fakes.ts";
import { randoms } from "../peer.ts";

type Case = [name: string, digits: string, header: Partial<FrameHeader>];

const masked: Case[] = [
  ["an empty text", "81 80 00000000", { opcode: 1, length: 0, key: 0 }],
  ["a masked text", "81 85 37fa213d", { opcode: 1, length: 5, key: 0x3d21fa37 }],
  ["a fragment", "01 83 01020304", { opcode: 1, final: false, length: 3, key: 0x04030201 }],
  ["a continuation", "80 82 01020304", { opcode: 0, length: 2, key: 0x04030201 }],
  ["125 bytes", "82 fd 00000001", { opcode: 2, length: 125, key: 0x01000000 }],
  ["126 bytes", "82 fe 007e 00000001", { opcode: 2, length: 126, key: 0x01000000 }],
  ["65,535 bytes", "82 fe ffff 00000001", { opcode: 2, length: 65535, key: 0x01000000 }],
  ["64 KiB", "82 ff 0000000000010000 00000000", { opcode: 2, length: 65536, key: 0 }],
  ["2^53 - 1 bytes", "82 ff 001fffffffffffff 00000000", { opcode: 2, length: 2 ** 53 - 1, key: 0 }],
  ["a ping", "89 84 00000000", { opcode: 9, length: 4, key: 0 }],
  ["a pong", "8a fd 00000000", { opcode: 10, length: 125, key: 0 }],
  ["a close", "88 82 00000080", { opcode: 8, length: 2, key: 0x80000000 | 0 }],
];

const plain: Case[] = [
  ["an empty text", "81 00", { opcode: 1, length: 0 }],
  ["125 bytes", "82 7d", { opcode: 2, length: 125 }],
  ["126 bytes", "82 7e 007e", { opcode: 2, length: 126 }],
  ["65,535 bytes", "82 7e ffff", { opcode: 2, length: 65535 }],
  ["64 KiB", "82 7f 0000000000010000", { opcode: 2, length: 65536 }],
  ["a ping", "89 04", { opcode: 9, length: 4 }],
];

const wrong: [name: string, digits: string, code: number][] = [
  ["the first reserved bit", "c1", 1002],
  ["the second reserved bit", "a1", 1002],
  ["the third reserved bit", "91", 1002],
  ["reserved opcode 3", "83", 1002],
  ["reserved opcode 7", "87", 1002],
  ["reserved opcode 11", "8b", 1002],
  ["reserved opcode 15", "8f", 1002],
  ["a fragmented close", "08", 1002],
  ["a fragmented ping", "09", 1002],
  ["a fragmented pong", "0a", 1002],
  ["no mask", "81 05", 1002],
  ["a ping of 126 bytes", "89 fe", 1002],
  ["a close of 64 KiB", "88 ff", 1002],
  ["125 bytes in 16 bits", "82 fe 007d", 1002],
  ["no bytes in 16 bits", "82 fe 0000", 1002],
  ["65,535 bytes in 64 bits", "82 ff 000000000000ffff", 1002],
  ["a length with the highest bit set", "82 ff 8000000000000000", 1002],
  ["2^53 bytes", "82 ff 0020000000000000", 1009],
];

Deno.test("decodeHeader takes RSV1 where compression was agreed, on a message's first frame only", () => {
  assert.equal(decodeHeader(hex("c1 80 00000000"), 0, true, true)?.compressed, true);
  assert.equal(decodeHeader(hex("42 80 00000000"), 0, true, true)?.compressed, true);
  for (const first of ["c0", "40", "c8", "c9", "ca", "e1", "d1", "f1", "a1", "91"]) {
    assert.throws(() => decodeHeader(hex(`${first} 80 00000000`), 0, true, true), { code: 1002 });
  }
});

for (const [side, cases] of [["masked", masked], ["unmasked", plain]] as const) {
  const isMasked = side === "masked";
  for (const [name, digits, expected] of cases) {
    const bytes = hex(digits);
    Deno.test(`decodeHeader reads ${name} (${side})`, () => {
      const whole = { final: true, compressed: false, key: 0, size: bytes.length, ...expected };
      assert.deepEqual(decodeHeader(bytes, 0, isMasked), whole);
      const later = new Uint8Array([0xff, 0xff, ...bytes, 0xff]);
      assert.deepEqual(decodeHeader(later, 2, isMasked), whole);
    });

    Deno.test(`decodeHeader waits for the rest of ${name} (${side})`, () => {
      for (let cut = 0; cut < bytes.length; cut++) {
        assert.equal(decodeHeader(bytes.subarray(0, cut), 0, isMasked), undefined);
      }
    });

    Deno.test(`decodeHeader survives every flip in ${name} (${side})`, () => {
      for (let at = 0; at < bytes.length; at++) {
        for (let value = 0; value < 256; value++) {
          survives(bytes.with(at, value), `byte ${at} is ${value}`);
        }
      }
    });
  }
}

for (const [name, digits, code] of wrong) {
  Deno.test(`decodeHeader refuses ${name}`, () => {
    const refused = (error: unknown) => error instanceof ProtocolError && error.code === code;
    assert.throws(() => decodeHeader(hex(digits), 0, true), refused);
    assert.throws(() => decodeHeader(hex(digits + "00".repeat(20)), 0, true), refused);
  });
}

Deno.test("decodeHeader refuses a mask from a server", () => {
  assert.throws(() => decodeHeader(hex("81 80"), 0, false), ProtocolError);
});

Deno.test("decodeHeader survives 100,000 random inputs", () => {
  const seed = Date.now() >>> 0;
  const random = randoms(seed);
  for (let round = 0; round < 100_000; round++) {
    const bytes = Uint8Array.from({ length: random(16) }, () => random(256));
    survives(bytes, `seed ${seed}, round ${round}`);
  }
});

Deno.test("encodeFrame writes what decodeHeader reads, at every width", () => {
  for (const length of [0, 1, 125, 126, 127, 255, 256, 65535, 65536, 70_000]) {
    const payload = new Uint8Array(length).fill(7);
    const frame = encodeFrame(2, payload);
    const size = headerSize(length);
    assert.deepEqual(decodeHeader(frame, 0, false), {
      final: true,
      compressed: false,
      opcode: 2,
      length,
      key: 0,
      size,
    });
    assert.deepEqual(frame.subarray(size), payload);
  }
});

function survives(bytes: Uint8Array, where: string): void {
  for (const isMasked of [true, false]) {
    try {
      const header = decodeHeader(bytes, 0, isMasked);
      assert(header === undefined || header.size <= bytes.length, where);
      assert(header === undefined || Number.isSafeInteger(header.length), where);
    } catch (error) {
      assert(error instanceof ProtocolError, `${where}: ${error}`);
    }
  }
}
