import assert from "node:assert/strict";
import { Outbox } from "../../../actors/connections/outbox.ts";

function numbered(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (from + i) & 255);
}

Deno.test("Outbox joins what is pushed, and keeps what comes during a write apart", () => {
  const outbox = new Outbox(1000);
  outbox.push(numbered(3));
  outbox.push(numbered(2, 3));
  const leaving = outbox.take();
  outbox.push(numbered(4, 100));
  assert.deepEqual([...leaving], [0, 1, 2, 3, 4]);
  assert.deepEqual([outbox.size, outbox.writing], [9, true]);
  outbox.written();
  assert.deepEqual([outbox.size, outbox.writing], [4, false]);
  assert.deepEqual([...outbox.take()], [100, 101, 102, 103]);
});

Deno.test("Outbox refuses what would take it past its limit, counting what is on its way", () => {
  const outbox = new Outbox(100);
  assert.equal(outbox.push(numbered(60)), true);
  outbox.take();
  assert.equal(outbox.push(numbered(41)), false);
  assert.equal(outbox.push(numbered(40)), true);
  outbox.written();
  assert.equal(outbox.push(numbered(60)), true);
});

Deno.test("Outbox grows over its first buffer without losing a byte", () => {
  const outbox = new Outbox(1 << 20);
  for (let i = 0; i < 1000; i++) outbox.push(numbered(100, i));
  const taken = outbox.take();
  assert.equal(taken.length, 100_000);
  for (let i = 0; i < 1000; i++) assert.equal(taken[i * 100], i & 255);
});
