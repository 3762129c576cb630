import assert from "node:assert/strict";
import type { Hooks, Login } from "../../../actors/hooks.ts";
import type { Connack } from "../../../protocols/mqtt/packet.ts";
import { FakeSpace } from "../fakes.ts";
import { Answer } from "../hooked.ts";
import { brief, connecting, online } from "./guests.ts";
import { ping, publish, subscribe } from "./talk.ts";

/** Who says so is of the staff, who may follow everything; others not what is secret. */
const hooks: Hooks = {
  authenticate: ({ passwordText }): Login => ({ groups: passwordText?.split(" ") ?? [] }),
  authorize: ({ action, topic, identity }) =>
    action === "publish" || identity.groups.includes("staff") || !topic.startsWith("secret"),
};
const staff = new TextEncoder().encode("staff");

Deno.test("MqttSession goes on without what its client may not follow any more", () => {
  const space = new FakeSpace(), session = { hooks, space, clean: false, clientId: "c" };
  const from = online({ hooks, space, clientId: "from" });
  const first = online({ ...session, username: "a", password: staff });
  first.say(subscribe("secret/a"), subscribe("t", { qos: 1 })).hear();
  first.stage.end();
  from.say(publish("t", "1", { qos: 1, packetId: 1 }));
  const back = connecting({ ...session, username: "a", password: staff });
  assert.equal((back.hear()[0] as Connack).sessionPresent, true);
  back.stage.end();
  from.say(publish("t", "2", { qos: 1, packetId: 2 }));
  const less = connecting({ ...session, username: "a" });
  assert.deepEqual(less.hear().map(brief), ["connack 00", "t 1 q1 dup #1", "t 2 q1 #2"]);
  from.say(publish("secret/a", "3", { qos: 1, packetId: 3 }));
  assert.deepEqual(less.hear(), []);
  less.stage.end();
  const again = connecting({ ...session, username: "a", password: staff });
  again.hear();
  from.say(publish("secret/a", "4", { qos: 1, packetId: 4 }));
  assert.deepEqual(again.messages(), [], "it has to be subscribed to again");
});

Deno.test("MqttSession loses no subscription while nobody can tell who may follow what", () => {
  const space = new FakeSpace();
  let isDown = false;
  const shaky: Hooks = {
    authorize: () => {
      if (isDown) throw new Error("down");
      return true;
    },
  };
  const session = { hooks: shaky, space, clean: false, clientId: "c" };
  const first = online(session);
  first.say(subscribe("t", { qos: 1 })).hear();
  first.stage.end();
  isDown = true;
  assert.deepEqual(connecting(session).hear().map(brief), ["connack 03"]);
  isDown = false;
  const back = connecting(session);
  assert.equal((back.hearOne() as Connack).sessionPresent, true);
  online({ hooks: shaky, space, clientId: "from" }).say(publish("t", "1", { qos: 1, packetId: 1 }));
  assert.deepEqual(back.messages(), ["t 1 q1 #1"]);
});

Deno.test("MqttSession shows who goes on with wildcards only what he may see", () => {
  const space = new FakeSpace(), session = { hooks, space, clean: false, clientId: "c" };
  const from = online({ hooks, space, clientId: "from" });
  const first = online({ ...session, username: "a", password: staff });
  first.say(subscribe("#", { qos: 1 })).hear();
  first.stage.end();
  const next = connecting(session);
  assert.equal((next.hearOne() as Connack).sessionPresent, true);
  from.say(publish("open", "1", { qos: 1, packetId: 1 }));
  from.say(publish("secret/a", "2", { qos: 1, packetId: 2 }));
  assert.deepEqual(next.messages(), ["open 1 q1 #1"]);
});

Deno.test("MqttSession finds out late whether a session goes on", async () => {
  const space = new FakeSpace(), later = new Answer<boolean>();
  let isLate = false;
  const slow: Hooks = { authorize: () => isLate ? later.promise : true };
  const session = { hooks: slow, space, clean: false, clientId: "c" };
  const first = online(session);
  first.say(subscribe("t")).hear();
  first.stage.end();
  isLate = true;
  const next = connecting(session).say(ping);
  assert.deepEqual(next.hear(), []);
  await later.give(false, next.stage);
  const [connack, answer] = next.hear();
  assert.equal((connack as Connack).sessionPresent, true);
  assert.equal(answer?.type, "pingresp");
});

Deno.test("MqttSession keeps a session that has become another user's while somebody waited", () => {
  const space = new FakeSpace();
  const named: Hooks = { authenticate: ({ username }) => ({ user: username }) };
  const session = { hooks: named, space, clean: false, clientId: "c" };
  const nobody = online(session);
  const ann = connecting({ ...session, username: "ann" });
  const bob = connecting({ ...session, username: "bob" });
  nobody.stage.turn();
  nobody.stage.end();
  ann.stage.turn();
  assert.deepEqual(ann.hear().map(brief).slice(0, 1), ["connack 00"]);
  ann.stage.end();
  bob.stage.turn();
  assert.deepEqual(bob.hear().map(brief), ["connack 05"]);
});

Deno.test("MqttSession asks about as many filters as a packet has room for", () => {
  const talk = online({ hooks, version: 5, limits: { maxPacketBytes: 1 << 20 } } as never);
  const [request] = (subscribe("a") as { filters?: unknown[] }).filters ?? [];
  const filters = Array.from({ length: 50_000 }, () => request) as never;
  talk.say({ type: "subscribe", packetId: 1, filters, properties: undefined });
  const [suback] = talk.hear();
  assert.ok(suback?.type === "suback" && suback.reasons.length === 50_000);
});
