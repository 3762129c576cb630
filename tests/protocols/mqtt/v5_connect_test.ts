import assert from "node:assert/strict";
import { Broker } from "../../../protocols/mqtt/broker/broker.ts";
import type { Connack, Disconnect } from "../../../protocols/mqtt/packets/packet.ts";
import type { Properties } from "../../../protocols/mqtt/packets/property.ts";
import { FakeSpace, hex } from "../fakes.ts";
import { disconnect, leftovers, online, ping, shown, Talk } from "./talk.ts";

function connack(options: ConstructorParameters<typeof Talk>[0], connect: object): Connack {
  const talk = new Talk({ version: 5, ...options }).connect(connect);
  const answer = talk.hearOne();
  assert.ok(answer.type === "connack");
  if (answer.reason > 0) assert.ok(talk.stage.closed);
  return answer;
}

function goodbye(talk: Talk): Disconnect {
  const packet = talk.hear().at(-1);
  assert.ok(packet?.type === "disconnect");
  assert.ok(talk.stage.closed);
  return packet;
}

Deno.test("MqttSession tells an MQTT 5 client what it supports", () => {
  const { sessionPresent, reason, properties } = connack({}, {});
  assert.deepEqual({ sessionPresent, reason, properties }, {
    sessionPresent: false,
    reason: 0,
    properties: {
      receiveMaximum: 1024,
      maximumPacketSize: 1 << 20,
      topicAliasMaximum: 32,
      sharedAvailable: 1,
    },
  });
});

Deno.test("MqttSession assigns a client identifier and says which", () => {
  const { properties } = connack({}, { clientId: "", clean: false });
  assert.match(properties!.assignedClientId!, /^meerkat-/);
});

Deno.test("MqttSession limits the session expiry and says so", () => {
  const limits = { maxSessionExpirySeconds: 100 };
  for (const [asked, granted] of [[undefined, undefined], [50, undefined], [0xffffffff, 100]]) {
    const properties = asked === undefined ? undefined : { sessionExpiry: asked };
    assert.equal(connack({ limits }, { properties }).properties?.sessionExpiry, granted);
  }
});

Deno.test("MqttSession limits the Keep Alive and says so", () => {
  const limits = { maxKeepAliveSeconds: 60 };
  for (const [asked, granted] of [[30, undefined], [0, 60], [61, 60]]) {
    assert.equal(connack({ limits }, { keepAlive: asked }).properties?.serverKeepAlive, granted);
  }
});

Deno.test("MqttSession refuses enhanced authentication with 0x8c", () => {
  assert.equal(connack({}, { properties: { authenticationMethod: "SCRAM" } }).reason, 0x8c);
});

Deno.test("MqttSession says in CONNACK what is wrong with CONNECT", () => {
  const talk = new Talk({ version: 5 });
  talk.stage.feed(hex("100e 0004 4d515454 05 03 000a 00 0001 61"));
  const answer = talk.hearOne();
  assert.ok(answer.type === "connack");
  assert.equal(answer.reason, 0x81);
  assert.match(answer.properties!.reasonString!, /^Cannot take this CONNECT/);
});

Deno.test("MqttSession refuses more sessions than the limit with 0x97", () => {
  assert.equal(connack({ limits: { maxSessions: 0 } }, {}).reason, 0x97);
});

Deno.test("MqttSession keeps a session for as long as was asked", () => {
  const space = new FakeSpace(), broker = space.shared(Broker);
  const options = { space, version: 5, properties: { sessionExpiry: 10 } } as const;
  const talk = online("a", options);
  talk.stage.now = 1000;
  talk.stage.end();
  assert.equal(broker.deadline, 11_000);
  broker.tick(10_999, talk.stage);
  const again = connack({ space }, { clientId: "a", clean: false });
  assert.equal(again.sessionPresent, true);
  broker.tick(11_000, talk.stage);
  assert.equal(leftovers(space), 1);
});

Deno.test("MqttSession ends the session with the connection where none was asked for", () => {
  const space = new FakeSpace();
  online("a", { space, version: 5, clean: false }).stage.end();
  assert.equal(leftovers(space), 0);
});

Deno.test("MqttSession keeps a session for ever where that is allowed", () => {
  const space = new FakeSpace(), limits = { maxSessionExpirySeconds: 0xffffffff };
  const properties = { sessionExpiry: 0xffffffff };
  online("a", { space, limits, version: 5, properties }).stage.end();
  assert.equal(space.shared(Broker).deadline, Infinity);
  assert.equal(leftovers(space), 1);
});

Deno.test("MqttSession changes the session expiry at DISCONNECT", () => {
  const space = new FakeSpace();
  const asked = (sessionExpiry: number): { properties: Properties } => ({
    properties: { sessionExpiry },
  });
  online("a", { space, version: 5, ...asked(10) }).say(disconnect(0, { sessionExpiry: 0 }));
  assert.equal(leftovers(space), 0);
  online("b", { space, version: 5, ...asked(10) }).say(disconnect(0, { sessionExpiry: 99 }));
  assert.equal(space.shared(Broker).deadline, 99_000);
  const talk = online("c", { space, version: 5, ...asked(0) });
  assert.equal(goodbye(talk.say(disconnect(0, { sessionExpiry: 1 }))).reason, 0x82);
});

Deno.test("MqttSession tells an MQTT 5 client why it hangs up", () => {
  const wrong: [number, string][] = [
    [0x81, "0000"],
    [0x82, "100e 0004 4d515454 05 02 000a 00 0001 61"],
    [0x82, "2003 000000"],
    [0x82, "f000"],
    [0x95, "30 80808001"],
    [0x90, "3004 0001 23 00"],
    [0x94, "3007 0001 61 03 23 0021"],
    [0x94, "3007 0001 61 03 23 0000"],
    [0x82, "3006 0000 03 23 0001"],
    [0x82, "3006 0001 61 02 0b 01"],
    [0x82, "3008 0001 61 04 08 0001 23"],
  ];
  for (const [reason, digits] of wrong) {
    const talk = online("a", { version: 5 });
    talk.stage.feed(hex(digits));
    const { reason: given, properties } = goodbye(talk);
    assert.equal(given, reason, digits);
    assert.match(properties!.reasonString!, /^Cannot /);
  }
});

Deno.test("MqttSession tells an MQTT 5 client that it kept silent for too long", () => {
  const talk = online("a", { version: 5, keepAlive: 1 });
  talk.stage.wait(1500);
  assert.equal(goodbye(talk).reason, 0x8d);
});

Deno.test("MqttSession leaves out the reason string where the client takes only small packets", () => {
  const talk = online("a", { version: 5, properties: { maximumPacketSize: 20 } });
  talk.stage.feed(hex("0000"));
  assert.deepEqual(goodbye(talk), disconnect(0x81));
});

Deno.test("MqttSession sends nothing larger than the client takes", () => {
  const talk = online("a", { version: 5, properties: { maximumPacketSize: 24 } });
  const filters = new Array(20).fill(0).map((_, index) => `f/${index}`);
  assert.deepEqual(
    talk.say({ type: "unsubscribe", packetId: 1, filters, properties: undefined }).hear(),
    [],
  );
  assert.deepEqual(talk.say(ping).hear().map(shown), ["pingresp"]);
});
