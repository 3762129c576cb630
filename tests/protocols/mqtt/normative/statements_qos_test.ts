import assert from "node:assert/strict";
import { FakeSpace } from "../../fakes.ts";
import { ack, online, publish, shown, subscribe, Talk } from "../talk.ts";

const v5 = { version: 5 } as const;
const stays = { ...v5, clean: false, properties: { sessionExpiry: 100 } } as const;

Deno.test("MqttSession takes a PUBLISH whose identifier was acknowledged for a new one", () => {
  const space = new FakeSpace(), from = online("from", { space });
  for (const dup of [false, true]) from.say(publish("t", "", { qos: 1, packetId: 7, dup }));
  assert.deepEqual(from.hear(), [ack("puback", 7), ack("puback", 7)]);
  assert.equal(space.published.length, 2);
});

Deno.test("MqttSession completes QoS 2 even where the message has expired", () => {
  const space = new FakeSpace();
  const to = online("to", { space, ...stays }).say(subscribe("t"));
  to.hear();
  const from = online("from", { space, ...v5 });
  from.say(publish("t", "x", { qos: 2, packetId: 1, properties: { messageExpiry: 1 } }));
  from.stage.now = 60_000;
  assert.deepEqual(from.say(ack("pubrel", 1)).hear(), [ack("pubrec", 1), ack("pubcomp", 1)]);
  assert.deepEqual(to.messages(), ["t x q2 #1"]);
  to.stage.end();
  // It was sent, so it does not expire any more.
  const again = online("to", { space, ...stays, now: 60_000 });
  again.stage.end();
  const third = new Talk({ space, ...v5, now: 60_000 }).connect({ ...stays, clientId: "to" });
  assert.deepEqual(third.messages(), ["t x q2 dup #1"]);
  assert.deepEqual(third.say(ack("pubrec", 1)).hear().map(shown), ["pubrel 1"]);
});

Deno.test("MqttSession sends what was refused with PUBACK or PUBREC never again", () => {
  const space = new FakeSpace(), to = online("to", { space, ...stays }).say(subscribe("t"));
  to.hear();
  const from = online("from", { space });
  from.say(publish("t", "1", { qos: 1, packetId: 1 }), publish("t", "2", { qos: 2, packetId: 2 }));
  to.hear();
  assert.deepEqual(to.say(ack("puback", 1, 0x83), ack("pubrec", 2, 0x83)).hear(), []);
  to.stage.end();
  const again = new Talk({ space, ...v5 }).connect({ ...stays, clientId: "to" });
  assert.deepEqual(again.hear().map(shown), ["connack"]);
});

Deno.test("MqttSession sends messages of one client in the order in which they came", () => {
  const space = new FakeSpace(), limits = { maxInflight: 3 };
  const to = online("to", { space, limits }).say(subscribe("t"));
  to.hear();
  const from = online("from", { space });
  const payloads = Array.from({ length: 50 }, (_, index) => `${index}`);
  const heard: Record<number, string[]> = { 0: [], 1: [], 2: [] };
  for (const [index, payload] of payloads.entries()) {
    const qos = index % 3 as 0 | 1 | 2;
    from.say(publish("t", payload, { qos, packetId: qos && index }), ack("pubrel", index || 1));
  }
  for (let round = 0; round < 100; round++) {
    for (const each of to.hear()) {
      if (each.type === "pubrel") to.say(ack("pubcomp", each.packetId));
      if (each.type !== "publish") continue;
      heard[each.qos]!.push(new TextDecoder().decode(each.payload));
      if (each.qos > 0) to.say(ack(each.qos === 1 ? "puback" : "pubrec", each.packetId));
    }
  }
  for (const qos of [0, 1, 2]) {
    assert.deepEqual(heard[qos], payloads.filter((_, index) => index % 3 === qos), `QoS ${qos}`);
  }
});

Deno.test("MqttSession sends nothing again while the connection lasts", () => {
  const space = new FakeSpace(), to = online("to", { space, keepAlive: 60 }).say(subscribe("t"));
  to.hear();
  online("from", { space }).say(publish("t", "x", { qos: 1, packetId: 1 }));
  assert.deepEqual(to.messages(), ["t x q1 #1"]);
  to.stage.wait(89_000);
  to.stage.session.drained!(89_000);
  assert.deepEqual(to.hear(), []);
});

Deno.test("MqttSession gives each message on its way an identifier of its own", () => {
  const space = new FakeSpace(), to = online("to", { space }).say(subscribe("t"));
  to.hear();
  const from = online("from", { space });
  for (let each = 0; each < 500; each++) {
    from.say(publish("t", "", { qos: 1, packetId: 1 }));
    if (each % 3 === 0) to.say(ack("puback", each % 100 + 1));
  }
  const used = new Set<number>();
  for (const each of to.hear()) {
    if (each.type !== "publish") continue;
    assert.ok(each.packetId > 0);
    used.add(each.packetId);
  }
  assert.equal(used.size, 500);
});

Deno.test("MqttSession keeps the session while the connection is open, whatever its expiry", () => {
  const space = new FakeSpace();
  const talk = online("a", { space, ...v5, properties: { sessionExpiry: 1 } }).say(subscribe("t"));
  talk.stage.wait(100_000);
  talk.hear();
  online("from", { space }).say(publish("t", "x"));
  assert.deepEqual(talk.messages(), ["t x q0"]);
});
