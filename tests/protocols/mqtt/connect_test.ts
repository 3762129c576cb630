import assert from "node:assert/strict";
import { decode } from "../../../protocols/mqtt/packets/decode.ts";
import { encode } from "../../../protocols/mqtt/packets/encode.ts";
import { bytes, FakeSpace, hex } from "../fakes.ts";
import { connect, disconnect, leftovers, online, ping, pong, publish, Talk } from "./talk.ts";

Deno.test("MqttSession answers CONNECT with CONNACK", () => {
  const talk = new Talk().connect({ clientId: "sensor-7" });
  assert.deepEqual(talk.stage.take(), hex("20020000"));
  assert.equal(talk.stage.session.label, "mqtt 3.1.1 sensor-7");
});

Deno.test("MqttSession speaks MQTT 3.1", () => {
  const talk = new Talk({ version: 3 }).connect({ clientId: "old" });
  assert.deepEqual(talk.stage.take(), hex("20020000"));
  assert.equal(talk.stage.session.label, "mqtt 3.1 old");
});

Deno.test("MqttSession answers PINGREQ with PINGRESP", () => {
  assert.deepEqual(online("a").say(ping).hear(), [pong]);
});

Deno.test("MqttSession takes user name and password", () => {
  online("a", { username: "u", password: bytes("p") });
});

Deno.test("MqttSession hangs up in silence when the first packet is not CONNECT", () => {
  const talk = new Talk().say(ping);
  assert.ok(talk.stage.closed);
  assert.deepEqual(talk.hear(), []);
});

Deno.test("MqttSession hangs up on another protocol at its second byte", () => {
  const talk = new Talk();
  talk.stage.feed("GE");
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession hangs up on a second CONNECT", () => {
  const talk = online("a").connect({ clientId: "a" });
  assert.ok(talk.stage.closed);
  assert.deepEqual(talk.hear(), []);
});

Deno.test("MqttSession answers an unknown protocol level with return code 1", () => {
  const talk = new Talk();
  talk.stage.feed(hex("100d 0004 4d515454 09 02 000a 0001 61"));
  assert.deepEqual(talk.stage.take(), hex("20020001"));
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession says nothing to a CONNECT that is broken", () => {
  const talk = new Talk();
  talk.stage.feed(hex("100d 0004 4d515454 04 03 000a 0001 61"));
  assert.deepEqual(talk.hear(), []);
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession gives a name to a clean client without one", () => {
  const space = new FakeSpace();
  const talk = online("", { space });
  assert.match(talk.stage.session.label, /^mqtt 3\.1\.1 meerkat-.{36}$/);
  online("", { space });
  assert.equal(leftovers(space), 2);
});

Deno.test("MqttSession refuses a client without a name whose session would stay", () => {
  const talk = new Talk().connect({ clientId: "", clean: false });
  assert.deepEqual(talk.stage.take(), hex("20020002"));
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession refuses a client identifier over the limit", () => {
  const talk = new Talk({ limits: { maxClientIdBytes: 8 } }).connect({ clientId: "ééééé" });
  assert.deepEqual(talk.stage.take(), hex("20020002"));
  online("éééé", { limits: { maxClientIdBytes: 8 } });
});

Deno.test("MqttSession refuses more sessions than the limit", () => {
  const space = new FakeSpace(), limits = { maxSessions: 1 };
  online("a", { space, limits });
  const talk = new Talk({ space, limits }).connect({ clientId: "b" });
  assert.deepEqual(talk.stage.take(), hex("20020003"));
  assert.equal(leftovers(space), 1);
});

Deno.test("MqttSession hangs up when CONNECT does not come in time", () => {
  const talk = new Talk({ limits: { connectTimeoutMs: 500 } });
  talk.stage.feed(hex("100d 0004"));
  talk.stage.wait(499);
  assert.ok(!talk.stage.closed);
  talk.stage.wait(1);
  assert.ok(talk.stage.closed);
  assert.deepEqual(talk.hear(), []);
});

Deno.test("MqttSession hangs up after one and a half times the Keep Alive", () => {
  const talk = online("a", { keepAlive: 10 });
  talk.stage.wait(14_999);
  talk.say(ping);
  talk.stage.wait(14_999);
  assert.ok(!talk.stage.closed);
  talk.stage.wait(1);
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession takes much of a packet for a sign of life, and a byte now and then for none", () => {
  for (const [step, stays] of [[1, false], [1500, true]] as const) {
    const talk = online("a", { keepAlive: 10 });
    const packet = encode(publish("t", "x".repeat(50_000)), 4);
    for (let at = 0; at < 10 * step; at += step) {
      talk.stage.feed(packet!.subarray(at, at + step));
      talk.stage.wait(5_000);
    }
    assert.equal(!talk.stage.closed, stays, `${step} bytes every 5 s`);
  }
});

Deno.test("MqttSession does not count the time in which it does not read", () => {
  const talk = online("a", { keepAlive: 10 });
  talk.stage.pause();
  talk.stage.wait(100_000);
  talk.stage.resume();
  assert.ok(!talk.stage.closed);
  talk.stage.wait(15_000);
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession waits for ever for a client without Keep Alive", () => {
  const talk = online("a");
  assert.equal(talk.stage.session.deadline, Infinity);
});

Deno.test("MqttSession uses no input behind DISCONNECT", () => {
  const space = new FakeSpace();
  const talk = online("a", { space });
  talk.say(disconnect(), publish("t", "late"));
  assert.ok(talk.stage.closed);
  assert.equal(space.published.length, 0);
  assert.equal(leftovers(space), 0);
});

Deno.test("MqttSession hangs up on a packet over the limit before it has come", () => {
  const talk = online("a", { limits: { maxPacketBytes: 100 } });
  talk.stage.feed(hex("30ff7f"));
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession hangs up when an answer cannot be sent", () => {
  const talk = online("a");
  talk.stage.accepts = false;
  talk.say(ping);
  assert.ok(talk.stage.closed);
});

Deno.test("MqttSession uses no more input while it is paused", () => {
  const talk = online("a");
  talk.stage.pause();
  talk.say(ping);
  assert.deepEqual(talk.hear(), []);
  talk.stage.resume();
  assert.deepEqual(talk.hear(), [pong]);
});

Deno.test("Broker keeps no trace of clients that break the rules in CONNECT", () => {
  const space = new FakeSpace();
  const will = {
    topic: "#",
    payload: bytes(""),
    qos: 0,
    retain: false,
    properties: undefined,
  } as const;
  const talk = new Talk({ space }).say(connect({ will }));
  assert.ok(talk.stage.closed);
  talk.stage.end();
  assert.equal(leftovers(space), 0);
  assert.equal(decode(hex("2002"), 4, 10), undefined);
});
