import assert from "node:assert/strict";
import { FakeSpace } from "../fakes.ts";
import { ack, leftovers, online, ping, publish, shown, subscribe, Talk } from "./talk.ts";

Deno.test("MqttSession says goodbye at once when nothing is in flight", () => {
  const space = new FakeSpace();
  const talk = online("a", { space, version: 5 });
  talk.stage.session.shutdown(0);
  const goodbye = talk.hearOne();
  assert.ok(goodbye.type === "disconnect" && goodbye.reason === 0x8b);
  assert.ok(talk.stage.closed);
  assert.equal(leftovers(space), 0);
});

Deno.test("MqttSession closes an MQTT 3.1.1 connection without a word", () => {
  const talk = online("a");
  talk.stage.session.shutdown(0);
  assert.deepEqual(talk.hear(), []);
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession waits for what is in flight and takes no messages meanwhile", () => {
  const space = new FakeSpace();
  const from = online("from", { space });
  const talk = online("a", { space, limits: { maxInflight: 1 }, version: 5 }).say(subscribe("t"));
  for (const payload of ["1", "2"]) from.say(publish("t", payload, { qos: 1, packetId: 1 }));
  assert.deepEqual(talk.messages(), ["t 1 q1 #1"]);
  talk.stage.session.shutdown(0);
  talk.say(publish("x", "", { qos: 1, packetId: 1 }), ping);
  assert.deepEqual(talk.hear().map(shown), ["pingresp"]);
  assert.equal(space.published.length, 2);
  talk.say(ack("puback", 1));
  assert.deepEqual(talk.hear().map(shown), ["t 2 q1 #2"]);
  assert.ok(!talk.stage.closed);
  talk.say(ack("puback", 2));
  assert.deepEqual(talk.hear().map(shown), ["disconnect"]);
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession finishes a message of QoS 2 that it took before", () => {
  const talk = online("a").say(publish("x", "", { qos: 2, packetId: 1 }));
  const from = online("from", { space: talk.stage.space });
  talk.say(subscribe("t")).hear();
  from.say(publish("t", "", { qos: 1, packetId: 1 }));
  talk.hear();
  talk.stage.session.shutdown(0);
  assert.deepEqual(talk.say(ack("pubrel", 1)).hear(), [ack("pubcomp", 1)]);
});

Deno.test("MqttSession refuses clients that are on their way in", () => {
  const space = new FakeSpace();
  const silent = new Talk({ space });
  silent.stage.session.shutdown(0);
  assert.ok(silent.stage.closed);

  online("a", { space });
  const waiting = new Talk({ space, version: 5 }).connect({ clientId: "a" });
  waiting.stage.session.shutdown(0);
  const answer = waiting.hearOne();
  assert.ok(answer.type === "connack" && answer.reason === 0x88);
});

Deno.test("MqttSession tells a client that is too slow", () => {
  const talk = online("a", { version: 5 });
  talk.stage.session.overloaded!(0);
  const goodbye = talk.hearOne();
  assert.ok(goodbye.type === "disconnect" && goodbye.reason === 0x97);
});
