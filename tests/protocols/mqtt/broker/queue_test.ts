import assert from "node:assert/strict";
import { copy } from "../../../../protocols/bytes.ts";
import { Entry, type Journal } from "../../../../protocols/journal.ts";
import { outliving } from "../../../../protocols/mqtt/broker/outliving.ts";
import { bytesOf, Queue } from "../../../../protocols/mqtt/broker/queue.ts";
import { StoredDelivery } from "../../../../protocols/mqtt/broker/session_log.ts";
import { defaults } from "../../../../protocols/mqtt/limits.ts";
import { Delivery, Publication } from "../../../../protocols/publication.ts";

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

Deno.test("Queue counts what goes along with a message, as it does the payload", () => {
  const tally = { queuedBytes: 0, inflightBytes: 0, subscriptions: 0, lose() {} };
  const queue = new Queue(tally), limits = { ...defaults, maxQueuedBytes: 100_000 };
  const userProperties = Array.from({ length: 500 }, () => ["", ""] as const);
  const contentType = "x".repeat(1000), properties = { userProperties };
  const laden = new Publication("t", new Uint8Array(0), { qos: 1, contentType, properties });
  let taken = 0;
  while (queue.offer(new Delivery(laden, 1, false, undefined), limits)) taken++;
  assert.equal(taken, 3, "500 pairs of nothing are 500 arrays");
  while (queue.size > 0) queue.shift();
  assert.equal(tally.queuedBytes, 0);
});

Deno.test("outliving() copies a payload out of its page, once for all who keep it", () => {
  const paged = delivery(copy(Uint8Array.of(1, 2, 3)));
  const [one, other] = [outliving(paged), outliving(paged)];
  assert.ok(one.publication.payload.buffer.byteLength <= 1024);
  assert.deepEqual([...one.publication.payload], [1, 2, 3]);
  assert.equal(one.publication.payload, other.publication.payload);
  assert.equal(one.publication.time, 5);
  assert.equal(outliving(one), one);
});

/** A page of messages that says when it is read. */
function page(texts: string[], read: string[][]) {
  const deliveries = texts.map((text) => delivery(new TextEncoder().encode(text)));
  const bytes = deliveries.reduce((sum, each) => sum + bytesOf(each.publication), 0);
  return { size: texts.length, bytes, read: () => (read.push(texts), deliveries) };
}

function shiftAll(queue: Queue): string {
  let all = "";
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    all += next.publication.text();
  }
  return all;
}

Deno.test("Queue reads a page when the turn of its first message comes, before what came since", () => {
  const tally = { queuedBytes: 0, inflightBytes: 0, subscriptions: 0, lose() {} };
  const queue = new Queue(tally), read: string[][] = [];
  queue.push(delivery(new TextEncoder().encode("f")), defaults);
  const own = tally.queuedBytes;
  queue.follow([page(["a", "b"], read), page(["c", "d", "e"], read)], defaults);
  assert.equal(queue.size, 6);
  assert.equal(tally.queuedBytes, 6 * own);
  assert.deepEqual(read, []);
  assert.equal(queue.shift()!.publication.text(), "a");
  assert.deepEqual(read, [["a", "b"]]);
  assert.equal(queue.size, 5);
  assert.equal(queue.extract(() => true).length, 1, "what came since");
  queue.push(delivery(new TextEncoder().encode("g")), defaults);
  assert.equal(shiftAll(queue), "bcdeg");
  assert.equal(tally.queuedBytes, 0);
});

Deno.test("Queue counts what a page turns out to hold, and forgets pages when it is cleared", () => {
  const tally = { queuedBytes: 0, inflightBytes: 0, subscriptions: 0, lose() {} };
  const queue = new Queue(tally), read: string[][] = [];
  queue.follow([{ size: 5, bytes: 9_000, read: () => [] }, page(["a"], read)], defaults);
  assert.equal(queue.size, 6);
  assert.equal(queue.shift()!.publication.text(), "a");
  assert.equal(queue.size, 0);
  assert.equal(tally.queuedBytes, 0);
  queue.follow([page(["b"], read), page(["c"], read)], defaults);
  queue.clear();
  assert.equal(queue.shift(), undefined);
  assert.equal(tally.queuedBytes, 0);
});

Deno.test("Queue drops the oldest of a page first, and keeps the newest of each topic of all pages", () => {
  const lost: string[] = [];
  const lose = (event: string) => void lost.push(event);
  const tally = { queuedBytes: 0, inflightBytes: 0, subscriptions: 0, lose };
  const oldest = { ...defaults, maxQueuedMessages: 3, queuePolicy: "drop-oldest" } as const;
  const queue = new Queue(tally);
  queue.follow([page(["a", "b"], []), page(["c"], [])], oldest);
  assert.ok(queue.offer(delivery(new TextEncoder().encode("d")), oldest));
  assert.equal(shiftAll(queue), "bcd");
  assert.deepEqual(lost, ["mqtt.dropped"]);
  const newest = { ...defaults, queuePolicy: "conflate" } as const;
  queue.push(delivery(new TextEncoder().encode("z")), newest);
  queue.follow([page(["x"], []), page(["y"], [])], newest);
  assert.equal(shiftAll(queue), "z");
  assert.equal(tally.queuedBytes, 0);
});

Deno.test("Queue has no room taken by what is worth nothing any more [MQTT-3.3.2-5]", () => {
  const lost: string[] = [], ended: number[] = [];
  const lose = (event: string) => void lost.push(event);
  const tally = { queuedBytes: 0, inflightBytes: 0, subscriptions: 0, lose };
  const limits = { ...defaults, maxQueuedMessages: 4, queuePolicy: "drop-newest" } as const;
  const queue = new Queue(tally);
  const journal = {
    endMessage: ({ number }: Entry) => void ended.push(number),
  } as Partial<Journal> as Journal;
  const message = (text: string, time: number, expirySeconds?: number) => {
    const properties = expirySeconds === undefined ? undefined : { expirySeconds };
    const payload = new TextEncoder().encode(text);
    const publication = new Publication("t", payload, { qos: 1, time, properties });
    const options = { qos: 1, retain: false, ids: undefined } as const;
    return new StoredDelivery(publication, options, journal, new Entry(text.charCodeAt(0)));
  };
  const old = [message("a", 0, 1), message("b", 0, 1)];
  const bytes = old.reduce((sum, { publication }) => sum + bytesOf(publication), 0);
  queue.follow([{ size: 2, bytes, read: () => old }], limits);
  for (const each of [message("c", 0, 1), message("d", 0, 9)]) queue.offer(each, limits);
  assert.equal(queue.offer(message("e", 900), limits), false, "all are worth something");
  assert.ok(queue.offer(message("f", 2_000), limits));
  assert.equal(queue.size, 2);
  assert.deepEqual([ended, lost], [[97, 98, 99], []]);
  assert.equal(shiftAll(queue), "df");
  assert.equal(tally.queuedBytes, 0);
});
