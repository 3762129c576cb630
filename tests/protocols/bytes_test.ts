import assert from "node:assert/strict";
import { copy, isLasting, lastingCopy } from "../../protocols/bytes.ts";

Deno.test("lastingCopy() keeps a kibibyte at most beside what is copied, and copies do not overlap", () => {
  const copies: Uint8Array[] = [];
  for (let length = 0; length < 400; length++) {
    const original = new Uint8Array(length).fill(length);
    const kept = lastingCopy(original);
    original.fill(255);
    assert.ok(kept.buffer.byteLength <= Math.max(1024, length), `${length}`);
    assert.ok(isLasting(kept));
    copies.push(kept);
  }
  for (const [length, kept] of copies.entries()) {
    assert.equal(kept.length, length);
    assert.ok(kept.every((byte) => byte === (length & 255)));
  }
});

Deno.test("isLasting() tells what shares its memory with thousands from what does not", () => {
  assert.ok(!isLasting(copy(Uint8Array.of(1, 2, 3))));
  assert.ok(!isLasting(new Uint8Array(65_536).subarray(0, 100)));
  assert.ok(isLasting(new Uint8Array(65_536)));
  assert.ok(isLasting(new Uint8Array(65_536).subarray(32_768)));
  assert.ok(isLasting(new Uint8Array(3)));
});
