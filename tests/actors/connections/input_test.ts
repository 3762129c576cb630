import assert from "node:assert/strict";
import { Input } from "../../../actors/connections/input.ts";

function numbered(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (from + i) & 255);
}

Deno.test("Input gives all bytes in order, whatever is used of them at a time", () => {
  let seed = 99;
  const random = (n: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  const input = new Input();
  let written = 0, read = 0;
  for (let round = 0; round < 3000; round++) {
    const space = input.space();
    assert.ok(space.length > 0);
    const count = 1 + random(random(4) === 0 ? space.length : Math.min(space.length, 500));
    space.set(numbered(count, written));
    input.filled(count);
    written += count;
    const used = random(3) === 0 ? input.size : random(input.size + 1);
    const view = input.view.subarray(0, used);
    for (let i = 0; i < used; i += 97) assert.equal(view[i], (read + i) & 255);
    input.skip(used);
    read += used;
  }
  assert.equal(input.size, written - read);
});

Deno.test("Input grows for traffic and for one large packet, and shrinks when idle", () => {
  const input = new Input();
  assert.equal(input.space().length, 2048);
  for (let i = 0; i < 20; i++) {
    const space = input.space();
    input.filled(space.length);
    input.skip(input.size);
  }
  assert.equal(input.space().length, 65_536);
  for (let i = 0; i < 10; i++) {
    input.space();
    input.filled(10);
    input.skip(10);
  }
  assert.equal(input.space().length, 2048);
  for (let i = 0; i < 12; i++) input.filled(input.space().length);
  assert.ok(input.size > 1 << 20);
  input.skip(input.size);
  input.space();
  input.filled(1);
  input.skip(1);
  assert.ok(input.space().length <= 65_536);
});

Deno.test("Input that is used while a read is under way leaves that read its place", () => {
  const input = new Input();
  input.space().set(numbered(100));
  input.filled(100);
  const pending = input.space();
  input.skip(100);
  pending.set(numbered(50, 100));
  input.filled(50);
  assert.deepEqual([...input.view], [...numbered(50, 100)]);
});
