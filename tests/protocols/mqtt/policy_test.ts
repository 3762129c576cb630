import assert from "node:assert/strict";
import { Broker } from "../../../protocols/mqtt/broker/broker.ts";
import type { MqttLimits, QueuePolicy } from "../../../protocols/mqtt/limits.ts";
import { FakeSpace } from "../fakes.ts";
import { ack, connect, online, publish, subscribe, Talk } from "./talk.ts";

const v5 = { version: 5 } as const;

/** What became of five messages for a client whose queue has room for two. */
function five(
  queuePolicy: QueuePolicy,
  topics: string[],
  { present = false, ...more }: Partial<MqttLimits> & { present?: boolean } = {},
) {
  const space = new FakeSpace();
  const limits = { maxInflight: 1, maxQueuedMessages: 2, queuePolicy, ...more };
  const to = online("to", { space, limits, clean: false }).say(subscribe("t/#"));
  to.hear();
  const from = online("from", { space, ...v5 });
  if (present) {
    from.say(publish("t/first", "0", { qos: 1, packetId: 1 })).hear();
    assert.deepEqual(to.messages(), ["t/first 0 q1 #1"]);
  } else to.stage.end();
  for (const [index, topic] of topics.entries()) {
    from.say(publish(topic, `${index + 1}`, { qos: 1, packetId: 1 }));
  }
  const reasons = from.hear().map((each) => each.type === "puback" && each.reason);
  const isOpen = !to.stage.closed;
  let heard: string[] = [];
  if (present && isOpen) to.hear();
  if (!present) {
    heard = new Talk({ space }).say(connect({ clientId: "to", clean: false })).messages();
  } else {
    to.stage.turn();
    if (to.stage.closed) to.stage.end();
    else {
      for (let id = 1; id <= 6; id++) heard.push(...to.say(ack("puback", id)).messages());
    }
  }
  space.shared(Broker).tick(0, from.stage);
  const { counts } = space;
  return {
    reasons,
    heard: heard.map((each) => each.split(" ").slice(0, 2).join(" ")),
    dropped: counts.get("mqtt.dropped") ?? 0,
    conflated: counts.get("mqtt.conflated") ?? 0,
    isOpen: present && !to.stage.closed,
  };
}

const same = ["t/a", "t/a", "t/a", "t/a", "t/a"];
const mixed = ["t/a", "t/b", "t/a", "t/b", "t/a"];
const many = { maxInflight: 10 };

Deno.test("MqttSession refuses the newest when the queue of an absent client is full", () => {
  const { reasons, heard, dropped } = five("drop-newest", same, many);
  assert.deepEqual(reasons, [0, 0, 0x97, 0x97, 0x97]);
  assert.deepEqual(heard, ["t/a 1", "t/a 2"]);
  assert.equal(dropped, 3);
});

Deno.test("MqttSession refuses the newest when the queue of a client that is there is full", () => {
  const { reasons, heard, dropped, isOpen } = five("drop-newest", same, { present: true });
  assert.deepEqual(reasons, [0, 0, 0x97, 0x97, 0x97]);
  assert.deepEqual(heard, ["t/a 1", "t/a 2"]);
  assert.equal(dropped, 3);
  assert.ok(isOpen);
});

Deno.test("MqttSession drops the oldest where the policy says so, and counts it", () => {
  const { reasons, heard, dropped } = five("drop-oldest", same, many);
  assert.deepEqual(reasons, [0, 0, 0, 0, 0]);
  assert.deepEqual(heard, ["t/a 4", "t/a 5"]);
  assert.equal(dropped, 3);
});

Deno.test("MqttSession keeps only the newest of each topic where the policy says so", () => {
  const { reasons, heard, dropped, conflated } = five("conflate", mixed, many);
  assert.deepEqual(reasons, [0, 0, 0, 0, 0]);
  assert.deepEqual(heard, ["t/a 5", "t/b 4"]);
  assert.deepEqual([dropped, conflated], [0, 3]);
});

Deno.test("MqttSession refuses a third topic where two are all there is room for", () => {
  const { reasons, heard } = five("conflate", ["t/a", "t/b", "t/c", "t/b", "t/d"], many);
  assert.deepEqual(reasons, [0, 0, 0x97, 0, 0x97]);
  assert.deepEqual(heard, ["t/a 1", "t/b 4"]);
});

Deno.test("MqttSession hangs up on a client with a full queue where the policy says so", () => {
  const { reasons, isOpen } = five("disconnect", same, { present: true });
  assert.deepEqual(reasons, [0, 0, 0x97, 0x97, 0x97]);
  assert.ok(!isOpen);
});

Deno.test("MqttSession drops nothing for a message that would not fit even then", () => {
  const space = new FakeSpace();
  const limits = { queuePolicy: "drop-oldest", maxQueuedBytes: 1000 } as const;
  online("to", { space, limits, clean: false }).say(subscribe("t")).stage.end();
  const from = online("from", { space, ...v5 });
  from.say(publish("t", "small", { qos: 1, packetId: 1 }));
  from.say(publish("t", "x".repeat(1000), { qos: 1, packetId: 2 }));
  assert.deepEqual(from.hear(), [ack("puback", 1), ack("puback", 2, 0x97)]);
  const back = new Talk({ space }).say(connect({ clientId: "to", clean: false }));
  assert.deepEqual(back.messages(), ["t small q1 #1"]);
});

Deno.test("MqttSession accepts a burst that its window has room for, however short its queue", () => {
  const space = new FakeSpace();
  const to = online("to", { space, limits: { maxQueuedMessages: 1 } }).say(subscribe("t"));
  to.hear();
  const from = online("from", { space, ...v5 });
  for (let each = 0; each < 50; each++) from.say(publish("t", "", { qos: 1, packetId: 1 }));
  assert.ok(from.hear().every((each) => each.type === "puback" && each.reason === 0));
  assert.equal(to.messages().length, 50);
});
