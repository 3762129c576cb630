import assert from "node:assert/strict";
import { rotate, unmask } from "../../../../protocols/websocket/frames/mask.ts";

const key = 0x93_27_fe_01 | 0;

function bySpecification(bytes: Uint8Array, from: number): Uint8Array {
  return bytes.map((byte, index) => byte ^ key >>> ((from + index) % 4 * 8));
}

Deno.test("unmask does what RFC 6455 says at every length and alignment", () => {
  for (let length = 0; length < 300; length++) {
    for (let offset = 0; offset < 8; offset++) {
      const around = new Uint8Array(length + 16).map((_, index) => index * 31);
      const before = around.slice();
      const inside = around.subarray(offset, offset + length);
      const expected = bySpecification(inside, 0);
      unmask(inside, key);
      assert.deepEqual(inside, expected, `length ${length} at ${offset}`);
      assert.deepEqual(around.subarray(0, offset), before.subarray(0, offset));
      assert.deepEqual(around.subarray(offset + length), before.subarray(offset + length));
    }
  }
});

Deno.test("unmask undoes itself", () => {
  const bytes = new Uint8Array(1000).map((_, index) => index);
  const masked = bytes.slice();
  unmask(masked, key);
  assert.notDeepEqual(masked, bytes);
  unmask(masked, key);
  assert.deepEqual(masked, bytes);
});

Deno.test("unmask leaves bytes alone when the key is 0", () => {
  const bytes = new Uint8Array(200).map((_, index) => index);
  unmask(bytes, 0);
  assert.deepEqual(bytes, new Uint8Array(200).map((_, index) => index));
});

Deno.test("rotate continues a mask after any number of bytes", () => {
  for (let cut = 0; cut < 300; cut++) {
    const bytes = new Uint8Array(300).map((_, index) => index * 7);
    const expected = bySpecification(bytes, 0);
    unmask(bytes.subarray(0, cut), key);
    unmask(bytes.subarray(cut), rotate(key, cut));
    assert.deepEqual(bytes, expected, `cut at ${cut}`);
  }
});
