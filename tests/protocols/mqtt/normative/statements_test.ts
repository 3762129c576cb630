import assert from "node:assert/strict";
import { decode } from "../../../../protocols/mqtt/packets/decode.ts";
import { bytes, FakeSpace, hex } from "../../fakes.ts";
import { ack, connect, disconnect, online, ping, publish, shown, subscribe } from "../talk.ts";
import { Talk, unsubscribe } from "../talk.ts";

const v5 = { version: 5 } as const;
const stays = { ...v5, clean: false, properties: { sessionExpiry: 100 } } as const;

Deno.test("MqttSession takes every client identifier that a server must allow", () => {
  const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (const version of [3, 4, 5] as const) {
    for (let length = 1; length <= 23; length++) {
      online(alphabet.slice(length, length * 2), { version });
    }
    for (const letter of alphabet) online(letter, { version });
  }
});

Deno.test("MqttSession processes nothing that follows a CONNECT which it refuses", () => {
  for (const version of [4, 5] as const) {
    const space = new FakeSpace();
    const talk = new Talk({ space, version, limits: { maxSessions: 0 } });
    talk.say(connect({ version }), publish("t", "x"), subscribe("t"), connect({ version }));
    assert.deepEqual(talk.hear().map(shown), ["connack"]);
    assert.deepEqual([space.published.length, space.subscriptions.size], [0, 0]);
  }
});

Deno.test("MqttSession publishes a will with the QoS and the retain flag that it was given", () => {
  for (const qos of [0, 1, 2] as const) {
    for (const retain of [false, true]) {
      const space = new FakeSpace();
      const will = { topic: "w", payload: bytes("x"), qos, retain, properties: undefined };
      online("a", { space, will }).stage.end();
      assert.deepEqual(space.published.map((each) => [each.qos, each.retain]), [[qos, retain]]);
    }
  }
});

Deno.test("MqttSession publishes no will for a client that has none", () => {
  const space = new FakeSpace();
  online("a", { space }).stage.end();
  online("b", { space, ...stays }).stage.end();
  assert.equal(space.published.length, 0);
});

Deno.test("MqttSession sends a will's properties with it", () => {
  const space = new FakeSpace(), to = online("to", { space, ...v5 }).say(subscribe("w"));
  to.hear();
  const properties = {
    messageExpiry: 60,
    payloadFormat: 1,
    contentType: "text/plain",
    responseTopic: "r",
    correlationData: bytes("id"),
    userProperties: [["b", "1"], ["a", "2"]] as const,
  };
  const will = { topic: "w", payload: bytes("x"), qos: 0, retain: false, properties } as const;
  online("a", { space, ...v5, will }).stage.end();
  const message = to.hearOne();
  assert.deepEqual(message.type === "publish" && message.properties, properties);
});

Deno.test("MqttSession sets the duplicate flag by its own sending and not by the publisher's", () => {
  const space = new FakeSpace(), to = online("to", { space }).say(subscribe("t"));
  to.hear();
  const from = online("from", { space });
  from.say(publish("t", "1", { qos: 1, packetId: 1, dup: true }));
  from.say(publish("t", "2", { qos: 2, packetId: 2, dup: true }));
  assert.deepEqual(to.messages(), ["t 1 q1 #1", "t 2 q2 #2"]);
});

Deno.test("MqttSession leaves the stored message alone when one without the retain flag comes", () => {
  const space = new FakeSpace(), from = online("from", { space });
  from.say(publish("t", "stored", { retain: true }), publish("t", "live"), publish("t", ""));
  from.say(publish("u", "live"));
  assert.deepEqual(online("to", { space }).say(subscribe("#")).messages(), ["t stored q0 r"]);
});

Deno.test("MqttSession keeps stored messages when the session of their publisher ends", () => {
  const space = new FakeSpace();
  online("from", { space }).say(publish("t", "stored", { retain: true }), disconnect()).stage.end();
  assert.deepEqual(online("to", { space }).say(subscribe("#")).messages(), ["t stored q0 r"]);
});

Deno.test("MqttSession forgets topic aliases with the connection", () => {
  const alias = { properties: { topicAlias: 1 } };
  const space = new FakeSpace(), first = online("a", { space, ...stays });
  first.say(publish("t", "", alias)).stage.end();
  const again = online("a", { space, ...stays }).say(publish("", "", alias));
  const goodbye = again.hearOne();
  assert.ok(goodbye.type === "disconnect" && goodbye.reason === 0x82);

  const limits = { properties: { topicAliasMaximum: 5, sessionExpiry: 100 }, clean: false };
  const to = online("to", { space, ...v5, ...limits }).say(subscribe("topic/#"));
  const from = online("from", { space });
  for (let each = 0; each < 3; each++) from.say(publish("topic/a", ""));
  to.hear();
  to.stage.end();
  const back = online("to", { space, ...v5, ...limits });
  from.say(publish("topic/a", ""));
  assert.deepEqual(back.messages(), ["topic/a  q0"]);
});

Deno.test("MqttSession replaces a subscription without losing a message", () => {
  const talk = online("a", v5);
  talk.say(subscribe("t", { qos: 0, properties: { subscriptionIds: [1] } }));
  talk.say(publish("t", "1", { qos: 1, packetId: 1 }));
  talk.say(subscribe("t", { qos: 1 }), publish("t", "2", { qos: 1, packetId: 2 }));
  const messages = talk.hear().filter((each) => each.type === "publish");
  assert.deepEqual(messages.map((each) => [each.qos, each.properties]), [
    [0, { subscriptionIds: [1] }],
    [1, undefined],
  ]);
});

Deno.test("MqttSession ends exactly the subscriptions that UNSUBSCRIBE names, and answers once", () => {
  const talk = online("a", v5).say(subscribe("t/+"), subscribe("t/a"), subscribe("t/a/"));
  talk.hear();
  const filters = ["t/a", "T/a", "t/#", "t/a", "t/a/"];
  const unsuback = talk.say({ type: "unsubscribe", packetId: 9, filters, properties: undefined })
    .hearOne();
  assert.ok(unsuback.type === "unsuback" && unsuback.packetId === 9);
  assert.deepEqual(unsuback.reasons, [0, 0x11, 0x11, 0x11, 0]);
  assert.deepEqual(talk.say(publish("t/a", "x"), publish("t/a/", "x")).messages(), ["t/a x q0"]);
});

Deno.test("MqttSession compares topics as they are: letters, marks and slashes all count", () => {
  const talk = online("a");
  for (const filter of ["caf\u00e9", "a/", "/a", "A"]) talk.say(subscribe(filter));
  talk.hear();
  const others = ["cafe\u0301", "a", "a//", "//a", " a", "\ufeffA"];
  for (const topic of others) talk.say(publish(topic, "no"));
  assert.deepEqual(talk.messages(), []);
  for (const topic of ["caf\u00e9", "a/", "/a", "A"]) talk.say(publish(topic, "yes"));
  assert.equal(talk.messages().length, 4);
});

Deno.test("MqttSession hides topics that begin with $ from filters that begin with a wildcard", () => {
  const talk = online("a").say(subscribe("#"), subscribe("+/x"), subscribe("$me/#"));
  talk.hear();
  assert.deepEqual(talk.say(publish("$you/x", "")).messages(), []);
  assert.deepEqual(talk.say(publish("$me/x", "")).messages(), ["$me/x  q0"]);
});

Deno.test("MqttSession says nothing more after DISCONNECT", () => {
  const space = new FakeSpace(), to = online("to", { space, ...stays }).say(subscribe("t"));
  to.hear();
  to.stage.feed(hex("0000"));
  assert.deepEqual(to.hear().map(shown), ["disconnect"]);
  online("from", { space }).say(publish("t", "x"), publish("t", "y", { qos: 1, packetId: 1 }));
  to.stage.session.tick(1e9);
  to.stage.session.shutdown(1e9);
  assert.deepEqual(to.hear(), []);
  assert.ok(to.stage.closed);
});

Deno.test("MqttSession sends no Session Expiry Interval with DISCONNECT", () => {
  const talk = online("a", { ...stays, keepAlive: 1 });
  talk.stage.wait(1500);
  const goodbye = talk.hearOne();
  assert.ok(goodbye.type === "disconnect" && goodbye.properties?.sessionExpiry === undefined);
});

Deno.test("MqttSession answers while its window is used up", () => {
  const space = new FakeSpace();
  const properties = { receiveMaximum: 1 };
  const to = online("to", { space, ...v5, properties }).say(subscribe("t"));
  const from = online("from", { space });
  for (const payload of ["1", "2"]) from.say(publish("t", payload, { qos: 1, packetId: 1 }));
  from.say(publish("t", "0"));
  to.hear();
  to.say(ping, subscribe("u"), unsubscribe("u"), publish("x", "", { qos: 1, packetId: 5 }));
  to.say(publish("x", "", { qos: 2, packetId: 6 }), ack("pubrel", 6));
  assert.deepEqual(to.hear().map(shown), [
    "pingresp",
    "suback 1",
    "unsuback 2",
    "puback 5",
    "pubrec 6",
    "pubcomp 6",
  ]);
});

Deno.test("MqttSession takes strings of properties only as UTF-8", () => {
  for (const digits of ["26 0001 ff 0001 61", "26 0001 61 0001 ff", "08 0001 ff", "03 0001 ff"]) {
    const properties = hex(digits);
    const packet = hex(`30 00 0001 61`);
    const whole = Uint8Array.of(...packet, properties.length, ...properties);
    whole[1] = whole.length - 2;
    assert.throws(() => decode(whole, 5, 100), { code: 0x81 }, digits);
  }
});
