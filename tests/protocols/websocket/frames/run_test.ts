import assert from "node:assert/strict";
import { findInRun, joinRun } from "../../../../protocols/websocket/frames/run.ts";
import { bytes, hex, join } from "../../fakes.ts";
import { frame } from "../peer.ts";

const BINARY = 2, TEXT = 1, PING = 9;

function small(payload: string, mask?: number[]): Uint8Array {
  return frame(BINARY, payload, mask && { mask });
}

Deno.test("joinRun joins what is in small binary messages", () => {
  const run = join([small("a"), small("bcdefgh", [1, 2, 3, 4]), small(""), small("ij")]);
  const found = joinRun(run, 0);
  assert.deepEqual(found?.payload, bytes("abcdefghij"));
  assert.equal(found.size, run.length);
});

Deno.test("joinRun unmasks payloads of every length", () => {
  for (let length = 0; length <= 125; length++) {
    const content = "x".repeat(length);
    const run = join([small(content), small("end")]);
    assert.deepEqual(joinRun(run, 0)?.payload, bytes(`${content}end`));
  }
});

Deno.test("joinRun leaves the frames as they came", () => {
  const run = join([small("a"), small("b")]);
  const before = run.slice();
  joinRun(run, 0);
  assert.deepEqual(run, before);
});

const ends: [name: string, next: Uint8Array][] = [
  ["the end of the input", hex("")],
  ["half a header", small("c").subarray(0, 1)],
  ["a header without its payload", small("c").subarray(0, 6)],
  ["half a payload", small("cd").subarray(0, 7)],
  ["a text", frame(TEXT, "c")],
  ["a ping", frame(PING, "c")],
  ["a fragment", frame(BINARY, "c", { final: false })],
  ["reserved bits", frame(BINARY | 0x40, "c")],
  ["126 bytes", frame(BINARY, "c".repeat(126))],
  ["64 KiB", frame(BINARY, "c".repeat(65536))],
  ["a frame without a mask", hex("8201 63 000000000000")],
];

for (const [name, next] of ends) {
  Deno.test(`joinRun ends a run before ${name}`, () => {
    const found = joinRun(join([hex("ffff"), small("a"), small("b"), next]), 2);
    assert.deepEqual(found?.payload, bytes("ab"));
    assert.equal(found.size, 14);
    assert.equal(joinRun(next, 0), undefined);
  });
}

Deno.test("joinRun takes no more than it has room for", () => {
  const content = "x".repeat(125);
  const run = join(Array(600).fill(small(content)));
  const first = joinRun(run, 0)!;
  const { length } = first.payload;
  assert(length <= 65536 && length > 65536 - 125);
  const second = joinRun(run, first.size)!;
  assert.equal(length + second.payload.length, 600 * 125);
});

Deno.test("findInRun finds the frame of every byte", () => {
  const run = join([hex("ff"), small("abc"), small(""), small("de")]);
  const places = [0, 1, 2, 3, 4].map((count) => findInRun(run, 1, count));
  assert.deepEqual(places, [
    { frame: 1, offset: 0 },
    { frame: 1, offset: 1 },
    { frame: 1, offset: 2 },
    { frame: 16, offset: 0 },
    { frame: 16, offset: 1 },
  ]);
});
