import assert from "node:assert/strict";
import { encode } from "../../../protocols/mqtt/packets/encode.ts";
import { FakeSpace, hex, join } from "../fakes.ts";
import {
  ack,
  disconnect,
  leftovers,
  online,
  ping,
  pong,
  publish,
  shown,
  subscribe,
  unsubscribe,
} from "./talk.ts";

Deno.test("MqttSession brings a message from one client to another", () => {
  const space = new FakeSpace();
  const one = online("one", { space }), other = online("other", { space });
  one.say(subscribe("a/+", { qos: 0 }));
  assert.deepEqual(one.stage.take(), hex("9003000100"));
  other.say(publish("a/b", "hello"), publish("a/b/c", "no"));
  assert.deepEqual(one.messages(), ["a/b hello q0"]);
  assert.equal(space.published[0]?.time, 0);
});

Deno.test("MqttSession brings a payload of all bytes, of any length, at any version", () => {
  const space = new FakeSpace();
  const talks = ([3, 4, 5] as const).map((version) => online(`v${version}`, { space, version }));
  for (const talk of talks) talk.say(subscribe("t", { qos: 1 })).hear();
  for (const from of talks) {
    for (const qos of [0, 1] as const) {
      for (const length of [0, 1, 256, 5000, 70_000]) {
        const payload = Uint8Array.from({ length }, (_, index) => index);
        from.say({ ...publish("t", "", { qos, packetId: qos * 9 }), payload });
        for (const talk of talks) {
          const [message] = talk.hear().filter((packet) => packet.type === "publish");
          assert.ok(message?.type === "publish");
          assert.deepEqual(message.payload, payload);
          assert.equal(message.qos, qos);
          if (qos > 0) talk.say(ack("puback", message.packetId));
        }
      }
    }
  }
});

Deno.test("MqttSession delivers with the lower of both QoS", () => {
  const space = new FakeSpace();
  const publisher = online("p", { space });
  const listeners = ([0, 1, 2] as const).map((qos) =>
    online(`l${qos}`, { space }).say(subscribe("t", { qos }))
  );
  for (const listener of listeners) listener.hear();
  for (const qos of [0, 1, 2] as const) {
    publisher.say(publish("t", `${qos}`, { qos, packetId: qos }));
  }
  assert.deepEqual(listeners.map((each) => each.messages()), [
    ["t 0 q0", "t 1 q0", "t 2 q0"],
    ["t 0 q0", "t 1 q1 #1", "t 2 q1 #2"],
    ["t 0 q0", "t 1 q1 #1", "t 2 q2 #2"],
  ]);
});

Deno.test("MqttSession answers PUBLISH by its QoS", () => {
  const talk = online("a");
  talk.say(publish("t", "", { qos: 1, packetId: 7 }), publish("t", "", { qos: 2, packetId: 8 }));
  assert.deepEqual(talk.hear(), [ack("puback", 7), ack("pubrec", 8)]);
});

Deno.test("MqttSession publishes a message of QoS 2 once", () => {
  const space = new FakeSpace();
  const talk = online("a", { space });
  talk.say(publish("t", "x", { qos: 2, packetId: 5 }));
  talk.say(publish("t", "x", { qos: 2, packetId: 5, dup: true }));
  assert.deepEqual(talk.hear(), [ack("pubrec", 5), ack("pubrec", 5)]);
  assert.equal(space.published.length, 1);
  talk.say(ack("pubrel", 5), ack("pubrel", 5));
  assert.deepEqual(talk.hear(), [ack("pubcomp", 5), ack("pubcomp", 5)]);
  talk.say(publish("t", "y", { qos: 2, packetId: 5 }));
  assert.equal(space.published.length, 2);
});

Deno.test("MqttSession publishes a message of QoS 2 once even across connections", () => {
  const space = new FakeSpace();
  const first = online("a", { space, clean: false });
  first.say(publish("t", "x", { qos: 2, packetId: 5 })).hear();
  first.stage.end();
  const second = online("a", { space, clean: false });
  second.say(publish("t", "x", { qos: 2, packetId: 5, dup: true }));
  assert.deepEqual(second.hear(), [ack("pubrec", 5)]);
  assert.equal(space.published.length, 1);
});

Deno.test("MqttSession hangs up rather than acknowledge what was thrown away", () => {
  for (const qos of [1, 2] as const) {
    const space = new FakeSpace();
    space.outcome = "overloaded";
    const talk = online("a", { space }).say(publish("t", "", { qos, packetId: 1 }));
    assert.deepEqual(talk.hear(), []);
    assert.ok(talk.stage.closed);
  }
});

Deno.test("MqttSession goes on when a message of QoS 0 was thrown away", () => {
  const space = new FakeSpace();
  space.outcome = "overloaded";
  assert.deepEqual(online("a", { space }).say(publish("t", ""), ping).hear(), [pong]);
});

Deno.test("MqttSession hangs up without acknowledging when the gateway takes nothing more", () => {
  const space = new FakeSpace();
  space.outcome = "closing";
  const talk = online("a", { space }).say(publish("t", "", { qos: 1, packetId: 1 }));
  assert.deepEqual(talk.hear(), []);
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession stops using input when a receiver of its message is behind", () => {
  const space = new FakeSpace();
  const talk = online("a", { space });
  talk.stage.subscribe("t", { qos: 0 }, {
    name: "slow",
    deliver: () => {
      talk.stage.pause();
      return true;
    },
  });
  talk.stage.feed(hex("3003 0001 74 3003 0001 74 c000"));
  assert.equal(space.published.length, 1);
  talk.stage.resume();
  assert.equal(space.published.length, 2);
  assert.deepEqual(talk.hear(), []);
  talk.stage.resume();
  assert.deepEqual(talk.hear(), [pong]);
});

Deno.test("MqttSession hears no more of a filter after UNSUBSCRIBE", () => {
  const space = new FakeSpace();
  const talk = online("a", { space }).say(subscribe("t"), unsubscribe("t"), unsubscribe("t"));
  assert.deepEqual(talk.stage.take(), hex("9003000102 b0020002 b0020002"));
  talk.say(publish("t", ""));
  assert.deepEqual(talk.hear(), []);
});

Deno.test("MqttSession answers each filter of SUBSCRIBE", () => {
  const talk = online("a", { limits: { maxSubscriptions: 2, maxTopicLevels: 3 } });
  const filters = ["a", "a/#/b", "x+", "$share/g", "a/b/c/d", "", "b", "c", "a"];
  talk.say({
    type: "subscribe",
    packetId: 9,
    filters: filters.map((filter) => ({
      filter,
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    })),
    properties: undefined,
  });
  assert.deepEqual(talk.stage.take(), hex("900b 0009 01 80 80 80 80 80 01 80 01"));
});

Deno.test("MqttSession delivers one message where filters overlap", () => {
  const talk = online("a").say(subscribe("a/#", { qos: 0 }), subscribe("a/+", { qos: 1 }));
  talk.hear();
  talk.say(publish("a/b", "x", { qos: 2, packetId: 1 }));
  assert.deepEqual(talk.messages(), ["a/b x q1 #1"]);
});

Deno.test("MqttSession has the same effects for a conversation fed whole and byte by byte", () => {
  const input = join([
    publish("a/b", "first", { qos: 1, packetId: 2 }),
    subscribe("other/#"),
    publish("a/é", "x".repeat(300), { qos: 2, packetId: 3 }),
    ack("pubrel", 3),
    publish("a", "", { retain: true }),
    ping,
    unsubscribe("other/#"),
    disconnect(),
    publish("a", "too late"),
  ].map((packet) => encode(packet, 4)!));
  const effects = [Infinity, 1, 3].map((step) => {
    const space = new FakeSpace();
    const talk = online("a", { space });
    talk.stage.feed(input, step);
    talk.stage.end();
    const published = space.published.map((
      { topic, retain, qos, payload },
    ) => [topic, retain, qos, payload]);
    return [talk.hear().map(shown), published, leftovers(space)];
  });
  assert.deepEqual(effects[0]![0], [
    "puback 2",
    "suback 1",
    "pubrec 3",
    "pubcomp 3",
    "pingresp",
    "unsuback 2",
  ]);
  assert.deepEqual(effects[1], effects[0]);
  assert.deepEqual(effects[2], effects[0]);
});
