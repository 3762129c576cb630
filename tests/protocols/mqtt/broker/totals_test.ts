import assert from "node:assert/strict";
import { Broker } from "../../../../protocols/mqtt/broker/broker.ts";
import { FakeSpace } from "../../fakes.ts";
import { brief } from "../guests.ts";
import { ack, disconnect, online, publish, subscribe, unsubscribe } from "../talk.ts";

Deno.test("MqttSession refuses subscriptions when all clients together have too many", () => {
  const space = new FakeSpace(), limits = { maxTotalSubscriptions: 2 };
  const ann = online("ann", { space, limits }), bob = online("bob", { space, limits });
  assert.deepEqual(ann.say(subscribe("a"), subscribe("b")).hear().map(brief), [
    "suback 02",
    "suback 02",
  ]);
  assert.deepEqual(bob.say(subscribe("c")).hear().map(brief), ["suback 80"]);
  // One of those that are there may change, and one that ends makes room.
  assert.deepEqual(ann.say(subscribe("a", { qos: 1 })).hear().map(brief), ["suback 01"]);
  ann.say(unsubscribe("b")).hear();
  assert.deepEqual(bob.say(subscribe("c")).hear().map(brief), ["suback 02"]);
  for (const each of [ann, bob]) each.say(disconnect()).stage.end();
  assert.equal(space.shared(Broker).subscriptions, 0);
});

Deno.test("MqttSession has one message under way when all clients together have too much", () => {
  const space = new FakeSpace(), limits = { maxTotalInflightBytes: 1 };
  const ann = online("ann", { space, limits }), bob = online("bob", { space, limits });
  for (const each of [ann, bob]) each.say(subscribe("t", { qos: 1 })).hear();
  const from = online("from", { space });
  for (let i = 1; i <= 3; i++) from.say(publish("t", `${i}`, { qos: 1, packetId: i }));
  for (const each of [ann, bob]) {
    assert.deepEqual(each.messages(), ["t 1 q1 #1"]);
    each.say(ack("puback", 1));
    assert.deepEqual(each.messages(), ["t 2 q1 #2"]);
    each.say(ack("puback", 2));
    assert.deepEqual(each.messages(), ["t 3 q1 #3"]);
    each.say(ack("puback", 3));
  }
  assert.equal(space.shared(Broker).inflightBytes, 0);
});

Deno.test("A session that ends takes what it had under way out of the total", () => {
  const space = new FakeSpace(), ann = online("ann", { space });
  ann.say(subscribe("t", { qos: 1 })).hear();
  online("from", { space }).say(publish("t", "1", { qos: 1, packetId: 1 }));
  assert.deepEqual(ann.messages(), ["t 1 q1 #1"]);
  assert.ok(space.shared(Broker).inflightBytes > 0);
  ann.stage.end();
  assert.equal(space.shared(Broker).inflightBytes, 0);
});
