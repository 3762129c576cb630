import assert from "node:assert/strict";
import { BridgeQueue, type Outbound } from "../../../actors/bridge/bridge_queue.ts";
import { Publication, type Qos } from "../../../protocols/publication.ts";

function outbound(topic: string, qos: Qos = 1, bytes = 0): Outbound {
  const publication = new Publication(topic, new Uint8Array(bytes), { qos });
  return { publication, topic, qos, retain: false };
}

Deno.test("BridgeQueue keeps the order, and room for so many messages", () => {
  const queue = new BridgeQueue({ maxQueuedMessages: 2, maxQueuedBytes: 10_000 });
  assert.ok(queue.push(outbound("a")));
  assert.ok(queue.push(outbound("b")));
  assert.ok(!queue.push(outbound("c")));
  const first = queue.shift()!;
  assert.equal(first.topic, "a");
  // It still counts, until the upstream has it.
  assert.ok(!queue.push(outbound("c")));
  queue.settle(first);
  assert.ok(queue.push(outbound("c")));
  assert.deepEqual([queue.shift()!.topic, queue.shift()!.topic, queue.shift()], [
    "b",
    "c",
    undefined,
  ]);
});

Deno.test("BridgeQueue keeps room for so many bytes", () => {
  const queue = new BridgeQueue({ maxQueuedMessages: 10, maxQueuedBytes: 1_000 });
  assert.ok(queue.push(outbound("a", 0, 500)));
  assert.ok(!queue.push(outbound("b", 0, 500)));
  queue.shift();
  assert.equal(queue.bytes, 0);
  assert.ok(queue.push(outbound("b", 0, 500)));
});

Deno.test("BridgeQueue rewinds what is under way, in its order", () => {
  const queue = new BridgeQueue({ maxQueuedMessages: 10_000, maxQueuedBytes: 1e9 });
  for (let i = 0; i < 5_000; i++) queue.push(outbound(`${i}`));
  const sent = Array.from({ length: 4_000 }, () => queue.shift()!);
  for (const each of sent.slice(0, 3_000)) queue.settle(each);
  assert.deepEqual([queue.underWay, queue.waiting], [1_000, 1_000]);
  queue.rewind();
  assert.deepEqual([queue.underWay, queue.waiting, queue.size], [0, 2_000, 2_000]);
  for (let i = 3_000; i < 5_000; i++) assert.equal(queue.shift()!.topic, `${i}`);
});
