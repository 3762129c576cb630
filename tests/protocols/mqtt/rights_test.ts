import assert from "node:assert/strict";
import type { Hooks, Login } from "../../../actors/hooks/hooks.ts";
import { Broker } from "../../../protocols/mqtt/broker/broker.ts";
import type { Connack } from "../../../protocols/mqtt/packets/packet.ts";
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

/** The hooks of before, which answer about `slow` when they are told to. */
function slowly() {
  const asked: string[] = [], answers: Answer<boolean>[] = [];
  const slow: Hooks = {
    ...hooks,
    authorize(access) {
      const { action, topic, identity } = access;
      const isHeir = !identity.groups.includes("staff");
      if (action !== "subscribe" || !isHeir) return hooks.authorize!(access);
      asked.push(topic);
      if (!topic.startsWith("slow")) return hooks.authorize!(access);
      const answer = new Answer<boolean>();
      answers.push(answer);
      return answer.promise;
    },
  };
  return { slow, asked, answers };
}

Deno.test("MqttSession asks what was subscribed to while hooks were asked for who takes it over", async () => {
  const { slow, asked, answers } = slowly();
  const space = new FakeSpace(), session = { hooks: slow, space, clean: false };
  const from = online({ ...session, clientId: "from", username: "a", password: staff });
  const old = online({ ...session, username: "a", password: staff });
  old.say(subscribe("slow")).hear();
  const heir = connecting({ ...session, username: "a" });
  assert.deepEqual(asked, ["slow"]);
  // The old connection is of the staff, and still there.
  old.say(subscribe("secret/a"), subscribe("open"), subscribe("$share/g/secret/b")).hear();
  await answers[0]!.give(true, heir.stage);
  old.stage.turn();
  heir.stage.turn();
  assert.deepEqual(heir.hear().map(brief), ["connack 00"]);
  assert.deepEqual(asked, ["slow", "secret/a", "open", "secret/b"]);
  for (const topic of ["secret/a", "secret/b", "open", "slow"]) from.say(publish(topic, "1"));
  assert.deepEqual(heir.messages(), ["open 1 q0", "slow 1 q0"]);
});

Deno.test("MqttSession keeps a session from others while hooks are asked about the rest of it", async () => {
  const { slow, answers } = slowly();
  const space = new FakeSpace(), session = { hooks: slow, space, clean: false, username: "a" };
  const from = online({ ...session, clientId: "from", password: staff });
  const old = online({ ...session, password: staff });
  const heir = connecting(session);
  // There was nothing to ask about, so the session is asked for; this comes before that is heard.
  old.say(subscribe("slow/1")).stage.turn();
  heir.stage.turn();
  assert.deepEqual(heir.hear(), []);
  assert.equal(answers.length, 1);
  const third = connecting({ ...session, password: staff, clean: true });
  heir.stage.wait(60_000);
  third.stage.turn();
  assert.deepEqual(third.hear(), []);
  await answers[0]!.give(false, heir.stage);
  assert.deepEqual(heir.hear().map(brief).slice(0, 1), ["connack 00"]);
  from.say(publish("slow/1", "1"));
  assert.deepEqual(heir.messages(), []);
});

Deno.test("MqttSession takes no session back that was taken by force while hooks were asked", async () => {
  const { slow, answers } = slowly();
  const space = new FakeSpace(), session = { hooks: slow, space, clean: false, username: "a" };
  const old = online({ ...session, password: staff });
  const heir = connecting(session);
  old.say(subscribe("slow/1")).stage.turn();
  heir.stage.turn();
  const third = connecting({ ...session, password: staff });
  third.stage.wait(1_100_000);
  assert.deepEqual(third.hear().map(brief).slice(0, 1), ["connack 00"]);
  await answers[0]!.give(true, heir.stage);
  assert.deepEqual(heir.hear().map(brief), ["connack 03"]);
  third.stage.turn();
  third.say(ping);
  assert.deepEqual(third.hear().map(({ type }) => type), ["pingresp"]);
  third.stage.end();
  const { clients } = space.shared(Broker);
  assert.deepEqual([...clients.values()].map(({ inbox, heirs }) => [inbox, heirs]), [
    [undefined, undefined],
  ]);
});

Deno.test("MqttSession gives a session to the next when who was asked about goes, or cannot be decided", async () => {
  for (const end of ["leaves", "fails"]) {
    const { slow, answers } = slowly();
    const space = new FakeSpace(), session = { hooks: slow, space, clean: false, username: "a" };
    const old = online({ ...session, password: staff });
    const heir = connecting(session);
    old.say(subscribe("slow/1", { qos: 1 })).stage.turn();
    heir.stage.turn();
    const third = connecting({ ...session, password: staff });
    assert.deepEqual(third.hear(), []);
    if (end === "leaves") heir.stage.end();
    else {
      await answers[0]!.give(Promise.reject(new Error("down")) as never, heir.stage);
      assert.deepEqual(heir.hear().map(brief), ["connack 03"]);
    }
    third.stage.turn();
    assert.equal((third.hear()[0] as Connack).sessionPresent, true, end);
    assert.ok([...space.subscriptions.values()].some((each) => each.has("slow/1")));
  }
});

Deno.test("MqttSession asks all again when others decide before the last filter is answered", async () => {
  const answer = new Answer<boolean>();
  const talk = connecting({
    hooks: { authorize: ({ topic }) => topic === "slow" ? answer.promise : true },
    version: 5,
  });
  talk.hear();
  talk.say({
    ...subscribe("a"),
    filters: ["a", "slow", "b"].map((filter) => ({ ...filterOf("a"), filter })),
  } as never);
  assert.deepEqual(talk.hear(), []);
  talk.hooked.chain.add({ authorize: ({ topic }) => topic !== "a" });
  await answer.give(true, talk.stage);
  // The answer about `slow` is there by now, for whoever asks again.
  await answer.give(true, talk.stage);
  assert.deepEqual(talk.hear().map(brief), ["suback 87 02 02"]);
  assert.deepEqual(
    [...talk.stage.space.subscriptions.values()].flatMap((each) => [...each.keys()]).sort(),
    ["b", "slow"],
  );
});

/** What a SUBSCRIBE says of a filter. */
function filterOf(filter: string): object {
  return (subscribe(filter) as { filters: object[] }).filters[0]!;
}
