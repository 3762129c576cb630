import assert from "node:assert/strict";
import { Backlog } from "../../../../protocols/websocket/frames/backlog.ts";
import { bytes } from "../../fakes.ts";
import { randoms } from "../peer.ts";

Deno.test("Backlog keeps a copy of what is appended", () => {
  const backlog = new Backlog();
  const piece = bytes("abc");
  backlog.append(piece);
  piece.fill(0);
  backlog.append(bytes("def"));
  assert.deepEqual(backlog.view, bytes("abcdef"));
});

Deno.test("Backlog behaves as an array from which both ends are taken", () => {
  const seed = Date.now() >>> 0;
  const random = randoms(seed);
  const backlog = new Backlog();
  let model: number[] = [];
  for (let round = 0; round < 20_000; round++) {
    const what = random(4);
    const count = random(model.length + 1);
    if (what < 2) {
      const piece = Array.from({ length: random(40) }, () => random(256));
      backlog.append(Uint8Array.from(piece));
      model.push(...piece);
    } else if (what === 2) {
      backlog.drop(count);
      model = model.slice(count);
    } else {
      backlog.truncate(count);
      model = model.slice(0, model.length - count);
    }
    assert.equal(backlog.size, model.length, `seed ${seed}, round ${round}`);
    assert.deepEqual([...backlog.view], model, `seed ${seed}, round ${round}`);
  }
});

Deno.test("Backlog gives its memory back once nothing waits", () => {
  const backlog = new Backlog();
  backlog.append(new Uint8Array(100_000));
  backlog.drop(100_000);
  assert.equal(backlog.view.buffer.byteLength, 0);
});

Deno.test("Backlog grows by what came, at most to the double", () => {
  const backlog = new Backlog();
  for (let round = 0; round < 10_000; round++) backlog.append(bytes("x"));
  assert(backlog.view.buffer.byteLength <= 20_000);
});
