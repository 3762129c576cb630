import assert from "node:assert/strict";
import { decode } from "../../../../protocols/mqtt/packets/decode.ts";
import { encode } from "../../../../protocols/mqtt/packets/encode.ts";
import type { Version } from "../../../../protocols/mqtt/packets/packet.ts";
import { ProtocolError } from "../../../../protocols/session.ts";
import { hex, join } from "../../fakes.ts";
import { cases } from "./codec_cases.ts";

const LIMIT = 1 << 20;

for (const { name, version, hex: digits, packet } of cases) {
  Deno.test(`decode() and encode() agree on ${name} (level ${version})`, () => {
    const bytes = hex(digits);
    assert.deepEqual(decode(bytes, version, LIMIT), [packet, bytes.length]);
    assert.deepEqual(encode(packet, version), bytes);
  });
}

Deno.test("decode() leaves what follows the packet alone", () => {
  for (const { version, hex: digits, packet } of cases) {
    const bytes = hex(digits);
    assert.deepEqual(decode(join([bytes, hex("c000")]), version, LIMIT), [packet, bytes.length]);
  }
});

Deno.test("decode() waits for the rest of a packet that was cut anywhere", () => {
  for (const { name, version, hex: digits } of cases) {
    const bytes = hex(digits);
    for (let cut = 0; cut < bytes.length; cut++) {
      assert.equal(decode(bytes.subarray(0, cut), version, LIMIT), undefined, `${name} at ${cut}`);
    }
  }
});

Deno.test("decode() meets any changed byte with a packet or a ProtocolError", () => {
  for (const { name, version, hex: digits } of cases) {
    const bytes = hex(digits);
    for (let at = 0; at < bytes.length; at++) {
      for (
        const value of [0, 1, 2, 3, 0x7f, 0x80, 0xc0, 0xed, 0xff, bytes[at]! ^ 1, bytes[at]! ^ 0x80]
      ) {
        const changed = bytes.slice();
        changed[at] = value;
        for (const level of [version, 3, 4, 5] as const) {
          survive(changed, level, `${name} with ${value} at ${at}`);
        }
      }
    }
  }
});

Deno.test("decode() meets 100,000 random inputs with a packet or a ProtocolError", () => {
  const seed = 0x5eed1e55;
  const random = generator(seed);
  const bodies = cases.map((each) => hex(each.hex));
  for (let round = 0; round < 100_000; round++) {
    const version = [3, 4, 5][random() % 3] as Version;
    const bytes = round % 2 === 0
      ? Uint8Array.from({ length: 2 + random() % 40 }, () => random())
      : bodies[random() % bodies.length]!.slice();
    if (round % 2 === 0) {
      // A length that is right brings the input past the frame.
      if (random() % 4 > 0) bytes[1] = bytes.length - 2;
    } else {
      for (let flips = 1 + random() % 4; flips > 0; flips--) {
        bytes[random() % bytes.length] = random();
      }
    }
    survive(bytes, version, `seed ${seed}, round ${round}, level ${version}`);
  }
});

function survive(bytes: Uint8Array, version: Version, what: string): void {
  try {
    const found = decode(bytes, version, LIMIT);
    if (found === undefined) return;
    // What can be read can be written.
    const level = found[0].type === "connect" ? found[0].version : version;
    assert.ok(encode(found[0], level), what);
  } catch (error) {
    if (!(error instanceof ProtocolError)) {
      throw new Error(`${what}: ${[...bytes].map((b) => b.toString(16).padStart(2, "0"))}`, {
        cause: error,
      });
    }
    assert.ok(error.code >= 0x80 && error.code <= 0xa2, what);
  }
}

/** Numbers from 0 to 2³¹ − 1 that are the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    let mixed = Math.imul(state ^ state >>> 12, 0x297a2d39);
    mixed ^= mixed >>> 15;
    return mixed >>> 1;
  };
}
