import assert from "node:assert/strict";
import type { MqttOptions } from "../../../protocols/mqtt/options.ts";
import type { Connect, Packet } from "../../../protocols/mqtt/packets/packet.ts";
import { bytes, FakeSpace, hex } from "../fakes.ts";
import { ack, connect, online, ping, publish, shown, subscribe, Talk } from "./talk.ts";

function answer(limits: Partial<MqttOptions>, options: Partial<Connect>): Packet {
  const talk = new Talk({ limits, version: options.version }).say(connect(options));
  return talk.hearOne();
}

Deno.test("MqttSession refuses client identifiers that are not of the wanted form", () => {
  const clientIdPattern = /sensor-\d+/;
  online("sensor-12", { limits: { clientIdPattern } });
  online("", { limits: { clientIdPattern } });
  for (const clientId of ["sensor-", "a sensor-1", "sensor-1b"]) {
    const old = new Talk({ limits: { clientIdPattern } }).say(connect({ clientId }));
    assert.deepEqual(old.stage.take(), hex("20020002"));
    const refused = answer({ clientIdPattern }, { version: 5, clientId });
    assert.ok(refused.type === "connack" && refused.reason === 0x85);
  }
});

Deno.test("MqttSession refuses filters with more wildcards than the limit", () => {
  const talk = online("a", { version: 5, limits: { maxWildcardLevels: 1 } });
  const reasons = ["a/b", "a/+", "+/#", "$share/g/+/b", "$share/g/+/+"].map((filter) => {
    const suback = talk.say(subscribe(filter, { qos: 0 })).hearOne();
    return suback.type === "suback" && suback.reasons[0];
  });
  assert.deepEqual(reasons, [0, 0, 0x8f, 0, 0x8f]);
});

Deno.test("MqttSession says so where it allows no wildcards", () => {
  const limits = { maxWildcardLevels: 0 };
  const connack = answer(limits, { version: 5 });
  assert.ok(connack.type === "connack" && connack.properties?.wildcardsAvailable === 0);
  const suback = online("a", { version: 5, limits }).say(subscribe("#")).hearOne();
  assert.deepEqual(suback.type === "suback" && suback.reasons, [0xa2]);
});

Deno.test("MqttSession reads more slowly from a client that sends too fast, and loses nothing", () => {
  const space = new FakeSpace(), limits = { maxMessagesPerSecond: 10 };
  const talk = online("a", { space, limits, keepAlive: 1 });
  for (let each = 0; each < 25; each++) talk.say(publish("t", `${each}`));
  talk.say(ping);
  assert.equal(space.published.length, 11);
  assert.ok(talk.stage.paused);
  talk.stage.wait(500);
  assert.equal(space.published.length, 16);
  talk.stage.wait(900);
  assert.equal(space.published.length, 25);
  // It is still held back, but what it said last has been heard, and in time.
  talk.stage.wait(100);
  assert.deepEqual(talk.hear().map(shown), ["pingresp"]);
  assert.deepEqual(space.published.map((each) => Number(each.text())), [...Array(25).keys()]);
});

Deno.test("MqttSession lets a client that was quiet send a second's worth at once", () => {
  const space = new FakeSpace(), talk = online("a", { space, limits: { maxMessagesPerSecond: 5 } });
  for (let round = 1; round <= 3; round++) {
    for (let each = 0; each < 5; each++) talk.say(publish("t", ""));
    assert.ok(!talk.stage.paused);
    assert.equal(space.published.length, round * 5);
    talk.stage.wait(1000);
  }
});

Deno.test("MqttSession sends clients to another server where it is told to", () => {
  for (const [permanent, reason] of [[false, 0x9c], [true, 0x9d]] as const) {
    const serverReference = { server: "other.example:1883", permanent };
    const connack = answer({ serverReference }, { version: 5 });
    assert.ok(connack.type === "connack");
    assert.equal(connack.reason, reason);
    assert.equal(connack.properties?.serverReference, "other.example:1883");
    const old = new Talk({ limits: { serverReference } }).say(connect());
    assert.deepEqual(old.stage.take(), hex("20020003"));
    assert.ok(old.stage.closed);
  }
});

Deno.test("MqttSession tells a client where replies may go, if it asks", () => {
  const limits = { responseInformation: "replies/{user}/{client}" };
  const ask = (requestResponse?: number) => {
    const properties = requestResponse === undefined ? undefined : { requestResponse };
    const connack = answer(limits, { version: 5, clientId: "c$&", username: "u", properties });
    return connack.type === "connack" && connack.properties?.responseInformation;
  };
  assert.deepEqual([ask(1), ask(0), ask()], ["replies/u/c$&", undefined, undefined]);
});

Deno.test("MqttSession leaves reasons out of all but CONNACK and DISCONNECT where the client wants that", () => {
  for (const [requestProblem, isThere] of [[0, false], [1, true], [undefined, true]] as const) {
    const properties = requestProblem === undefined ? undefined : { requestProblem };
    const talk = online("a", { version: 5, properties });
    const suback = talk.say(subscribe("a+")).hearOne();
    assert.ok(suback.type === "suback");
    assert.equal(suback.properties?.reasonString !== undefined, isThere);
    talk.stage.feed(hex("0000"));
    const goodbye = talk.hearOne();
    assert.match(
      goodbye.type === "disconnect" && goodbye.properties?.reasonString || "",
      /^Cannot/,
    );
  }
});

Deno.test("MqttSession says why it refuses a filter, unless the client takes only small packets", () => {
  const refused = ["x+", "$share/g", "a/b/c/d", "+/+"];
  const limits = { maxTopicLevels: 3, maxWildcardLevels: 1 };
  for (const filter of refused) {
    const suback = online("a", { version: 5, limits }).say(subscribe(filter)).hearOne();
    assert.match(
      suback.type === "suback" && suback.properties?.reasonString || "",
      /^Cannot .*:|limit|more/,
    );
  }
  const small = online("a", { version: 5, properties: { maximumPacketSize: 20 } });
  const suback = small.say(subscribe("x+")).hearOne();
  assert.deepEqual(suback.type === "suback" && [suback.reasons, suback.properties], [
    [0x8f],
    undefined,
  ]);
});

Deno.test("MqttSession refuses payloads that are not the UTF-8 they are said to be, where it is told to", () => {
  const space = new FakeSpace(), limits = { checkPayloadFormat: true };
  const talk = online("a", { space, version: 5, limits });
  const bad = { payload: Uint8Array.of(0xff), properties: { payloadFormat: 1 } };
  talk.say({ ...publish("t", "", { qos: 1, packetId: 1 }), ...bad });
  talk.say({ ...publish("t", "", { qos: 2, packetId: 2 }), ...bad });
  assert.deepEqual(talk.hear(), [ack("puback", 1, 0x99), ack("pubrec", 2, 0x99)]);
  talk.say(publish("t", "é", { qos: 2, packetId: 2, properties: { payloadFormat: 1 } }));
  talk.say({ ...publish("t", ""), payload: bad.payload });
  assert.equal(space.published.length, 2);
  assert.deepEqual(talk.hear().map(shown), ["pubrec 2"]);
  talk.say({ ...publish("t", ""), ...bad });
  const goodbye = talk.hearOne();
  assert.ok(goodbye.type === "disconnect" && goodbye.reason === 0x99);
});

Deno.test("MqttSession refuses a will that is not the UTF-8 it is said to be, where it is told to", () => {
  const will = { topic: "w", payload: Uint8Array.of(0xff), qos: 0, retain: false } as const;
  const properties = { payloadFormat: 1 };
  const options = { version: 5, will: { ...will, properties } } as const;
  const connack = answer({ checkPayloadFormat: true }, options);
  assert.ok(connack.type === "connack" && connack.reason === 0x99);
  online("a", { ...options, will: { ...options.will, payload: bytes("é") } });
  online("a", options);
});

Deno.test("MqttSession leaves the reason out of CONNACK where the client takes only small packets", () => {
  const talk = new Talk({ version: 5, limits: { clientIdPattern: /x/ } });
  talk.connect({ properties: { maximumPacketSize: 10 } });
  assert.deepEqual(talk.stage.take(), hex("2003 008500"));
  const tiny = new Talk({ version: 5 }).connect({ properties: { maximumPacketSize: 4 } });
  assert.deepEqual(tiny.hear(), []);
  assert.ok(tiny.stage.closed);
});
