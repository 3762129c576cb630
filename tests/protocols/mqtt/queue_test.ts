import assert from "node:assert/strict";
import { defaults } from "../../../protocols/mqtt/limits.ts";
import { outliving, Queue } from "../../../protocols/mqtt/queue.ts";
import { copy } from "../../../protocols/bytes.ts";
import { Delivery, Publication } from "../../../protocols/publication.ts";

function delivery(payload: Uint8Array): Delivery {
  return new Delivery(new Publication("t", payload, { time: 5, qos: 1 }), 1, false, undefined);
}

Deno.test("Queue gives back in order what it took, and counts its bytes", () => {
  const tally = { queuedBytes: 0, inflightBytes: 0, subscriptions: 0, lose() {} };
  const queue = new Queue(tally);
  let next = 0;
  for (let pushed = 0; pushed < 9000; pushed++) {
    queue.push(delivery(Uint8Array.of(pushed >> 8, pushed)), defaults);
    if (pushed % 3 === 0) continue;
    const { payload } = queue.shift()!.publication;
    assert.equal(payload[0]! << 8 | payload[1]!, next++);
  }
  assert.equal(queue.size, 9000 - next);
  while (queue.size > 0) queue.shift();
  assert.equal(queue.shift(), undefined);
  assert.equal(tally.queuedBytes, 0);
});

Deno.test("Queue frees what it held for others when it is cleared", () => {
  const tally = { queuedBytes: 0, inflightBytes: 0, subscriptions: 0, lose() {} };
  const [one, other] = [new Queue(tally), new Queue(tally)];
  one.push(delivery(new Uint8Array(100)), defaults);
  const before = tally.queuedBytes;
  other.push(delivery(new Uint8Array(1000)), defaults);
  other.clear();
  assert.equal(tally.queuedBytes, before);
  assert.equal(other.size, 0);
});

Deno.test("outliving() copies a payload out of its page, once for all who keep it", () => {
  const paged = delivery(copy(Uint8Array.of(1, 2, 3)));
  const [one, other] = [outliving(paged), outliving(paged)];
  assert.equal(one.publication.payload.buffer.byteLength, 3);
  assert.equal(one.publication.payload, other.publication.payload);
  assert.equal(one.publication.time, 5);
  assert.equal(outliving(one), one);
});
