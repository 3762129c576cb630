import assert from "node:assert/strict";
import type { Publish } from "../../../protocols/mqtt/packets/packet.ts";
import type { Properties } from "../../../protocols/mqtt/packets/property.ts";
import { bytes, FakeSpace } from "../fakes.ts";
import { ack, online, publish, shown, subscribe, Talk, unsubscribe } from "./talk.ts";

const v5 = { version: 5 } as const;

function messagesOf(talk: Talk): Publish[] {
  return talk.hear().filter((packet) => packet.type === "publish");
}

Deno.test("MqttSession carries the properties of a message from MQTT 5 to MQTT 5", () => {
  const space = new FakeSpace();
  const to = online("to", { space, ...v5 }).say(subscribe("t"));
  const old = online("old", { space }).say(subscribe("t"));
  const properties: Properties = {
    messageExpiry: 100,
    payloadFormat: 1,
    contentType: "text/plain",
    responseTopic: "r",
    correlationData: bytes("id"),
    userProperties: [["a", "1"], ["b", "2"], ["a", "3"]],
  };
  const from = online("from", { space, ...v5 });
  for (const qos of [0, 1, 2] as const) {
    from.say(
      publish("t", "x", { qos, packetId: qos && 5, properties: { ...properties, topicAlias: 1 } }),
    );
    const [message] = messagesOf(to);
    assert.deepEqual(message?.properties, properties);
    assert.equal(message?.qos, qos);
  }
  assert.deepEqual(old.messages(), ["t x q0", "t x q1 #1", "t x q2 #2"]);
});

Deno.test("MqttSession knows topics by the aliases of the publisher", () => {
  const space = new FakeSpace();
  const from = online("from", { space, ...v5 });
  const say = (topic: string, topicAlias: number) =>
    from.say(publish(topic, "", { properties: { topicAlias } }));
  say("a", 1);
  say("b", 32);
  say("", 1);
  say("c", 1);
  say("", 1);
  say("", 32);
  assert.deepEqual(space.published.map(({ topic }) => topic), ["a", "b", "a", "c", "c", "b"]);
});

Deno.test("MqttSession acknowledges with the true reason", () => {
  const space = new FakeSpace();
  const from = online("from", { space, ...v5 });
  const send = () => {
    from.say(publish("t", "", { qos: 1, packetId: 1 }), publish("t", "", { qos: 2, packetId: 2 }));
    return from.hear();
  };
  assert.deepEqual(send(), [ack("puback", 1, 0x10), ack("pubrec", 2, 0x10)]);
  from.say(ack("pubrel", 2)).hear();
  space.outcome = "overloaded";
  assert.deepEqual(send(), [ack("puback", 1, 0x97), ack("pubrec", 2, 0x97)]);
  // A refused message has no second half, and its identifier is free.
  assert.deepEqual(from.say(ack("pubrel", 2)).hear(), [ack("pubcomp", 2, 0x92)]);
  space.outcome = undefined;
  online("to", { space }).say(subscribe("t"));
  assert.deepEqual(send(), [ack("puback", 1), ack("pubrec", 2)]);
  assert.deepEqual(from.say(ack("pubrec", 9)).hear(), [ack("pubrel", 9, 0x92)]);
});

Deno.test("MqttSession says that the gateway stops when it takes nothing more", () => {
  const space = new FakeSpace();
  space.outcome = "closing";
  const from = online("from", { space, ...v5 }).say(publish("t", "", { qos: 1, packetId: 1 }));
  const answer = from.hearOne();
  assert.ok(answer.type === "disconnect" && answer.reason === 0x8b);
});

Deno.test("MqttSession hangs up on more messages of QoS 2 than it allows", () => {
  const from = online("from", { ...v5, limits: { receiveMaximum: 2 } });
  for (const packetId of [1, 2]) from.say(publish("t", "", { qos: 2, packetId }));
  from.say(ack("pubrel", 1), publish("t", "", { qos: 2, packetId: 3 }));
  assert.equal(from.hear().length, 4);
  from.say(publish("t", "", { qos: 2, packetId: 4 }));
  const answer = from.hearOne();
  assert.ok(answer.type === "disconnect" && answer.reason === 0x93);
});

Deno.test("MqttSession keeps to the Receive Maximum of the client", () => {
  const space = new FakeSpace();
  const to = online("to", { space, ...v5, properties: { receiveMaximum: 1 } }).say(subscribe("t"));
  const from = online("from", { space });
  for (const qos of [2, 1] as const) from.say(publish("t", `${qos}`, { qos, packetId: qos }));
  assert.deepEqual(to.messages(), ["t 2 q2 #1"]);
  assert.deepEqual(to.say(ack("pubrec", 1)).hear().map(shown), ["pubrel 1"]);
  assert.deepEqual(to.say(ack("pubcomp", 1)).messages(), ["t 1 q1 #2"]);
});

Deno.test("MqttSession gives up a message that the client refuses with PUBREC", () => {
  const space = new FakeSpace();
  const to = online("to", { space, ...v5, properties: { receiveMaximum: 1 } }).say(subscribe("t"));
  const from = online("from", { space });
  for (const payload of ["1", "2"]) {
    from.say(publish("t", payload, { qos: 2, packetId: 1 }), ack("pubrel", 1));
  }
  assert.deepEqual(to.messages(), ["t 1 q2 #1"]);
  assert.deepEqual(to.say(ack("pubrec", 1, 0x83)).hear().map(shown), ["t 2 q2 #2"]);
});

Deno.test("MqttSession counts a message that is too large for the client as sent", () => {
  const space = new FakeSpace();
  const properties = { maximumPacketSize: 30, receiveMaximum: 1 };
  const to = online("to", { space, ...v5, properties }).say(subscribe("t"));
  const from = online("from", { space });
  for (const payload of ["x".repeat(30), "small"]) {
    from.say(publish("t", payload, { qos: 1, packetId: 1 }));
  }
  assert.deepEqual(to.messages(), ["t small q1 #2"]);
  assert.equal(space.counts.get("mqtt.dropped"), 1);
});

Deno.test("MqttSession counts the message expiry down and drops what has expired", () => {
  const space = new FakeSpace();
  const stay = { space, ...v5, clean: false, properties: { sessionExpiry: 1000 } };
  online("to", stay).say(subscribe("t")).stage.end();
  const from = online("from", { space, ...v5 });
  for (const messageExpiry of [5, 100]) {
    from.say(
      publish("t", `${messageExpiry}`, { qos: 1, packetId: 1, properties: { messageExpiry } }),
    );
  }
  const back = online("to", { ...stay, now: 30_000 });
  back.stage.end();
  assert.deepEqual(messagesOf(back), []);
  const again = new Talk({ space, ...v5, now: 30_900 }).connect({ ...stay, clientId: "to" });
  const messages = messagesOf(again);
  assert.deepEqual(messages.map(shown), ["t 100 q1 dup #1"]);
  assert.deepEqual(messages[0]?.properties, { messageExpiry: 70 });
});

Deno.test("MqttSession does not hear itself where it asked for No Local", () => {
  const talk = online("a", v5).say(subscribe("t", { noLocal: true }));
  assert.deepEqual(talk.say(publish("t", "mine")).messages(), []);
  online("b", { space: talk.stage.space }).say(publish("t", "yours"));
  assert.deepEqual(talk.messages(), ["t yours q0"]);
});

Deno.test("MqttSession keeps the retain flag where it asked for Retain As Published", () => {
  const talk = online("a", v5).say(subscribe("t", { retainAsPublished: true }));
  talk.say(publish("t", "1", { retain: true }), publish("t", "2"));
  assert.deepEqual(talk.messages(), ["t 1 q0 r", "t 2 q0"]);
});

Deno.test("MqttSession sends stored messages as Retain Handling says", () => {
  const talk = online("a", v5).say(publish("t", "v", { retain: true }));
  const heard = (retainHandling: 0 | 1 | 2) =>
    talk.say(subscribe("t", { retainHandling })).messages().length;
  assert.equal(heard(2), 0);
  assert.equal(heard(1), 0);
  assert.equal(heard(0), 1);
  talk.say(unsubscribe("t"));
  assert.equal(heard(1), 1);
});

Deno.test("MqttSession names the subscriptions that a message matched", () => {
  const talk = online("a", v5);
  talk.say(publish("a/b", "stored", { retain: true }));
  talk.say(subscribe("a/#", { properties: { subscriptionIds: [1] } }));
  assert.deepEqual(messagesOf(talk)[0]?.properties, { subscriptionIds: [1] });
  talk.say(subscribe("+/b", { properties: { subscriptionIds: [300] }, retainHandling: 2 }));
  talk.say(subscribe("a/b", { retainHandling: 2 })).hear();
  for (const qos of [0, 1] as const) {
    talk.say(publish("a/b", "x", { qos, packetId: qos, properties: { messageExpiry: 9 } }));
    const [message] = messagesOf(talk);
    assert.deepEqual(message?.properties, { messageExpiry: 9, subscriptionIds: [1, 300] });
  }
});

Deno.test("MqttSession answers each filter with the true reason", () => {
  const talk = online("a", { ...v5, limits: { maxSubscriptions: 1 } });
  const reason = (filter: string) => {
    const answer = talk.say(subscribe(filter)).hearOne();
    return answer.type === "suback" ? answer.reasons[0] : undefined;
  };
  assert.deepEqual(["a", "b", "x+", "$share/g/a"].map(reason), [2, 0x97, 0x8f, 0x97]);
  const gone = talk.say(unsubscribe("a"), unsubscribe("a")).hear();
  assert.deepEqual(gone.map((each) => each.type === "unsuback" && each.reasons), [[0], [0x11]]);
});
