import assert from "node:assert/strict";
import type { Hooks, Login } from "../../../actors/hooks/hooks.ts";
import { Refusal } from "../../../protocols/identity.ts";
import type { AuthMethod } from "../../../protocols/mqtt/authentication.ts";
import type { Connack, Will } from "../../../protocols/mqtt/packets/packet.ts";
import { Publication } from "../../../protocols/publication.ts";
import { bytes, FakeSpace } from "../fakes.ts";
import { Answer, hook } from "../hooked.ts";
import { brief, connecting, online } from "./guests.ts";
import { ping, publish, subscribe, Talk } from "./talk.ts";

const will: Will = {
  topic: "wills/c",
  payload: bytes("gone"),
  qos: 1,
  retain: false,
  properties: undefined,
};

const refusals: [name: string, answer: () => Login | Refusal | false, v5: string, v4: string][] = [
  ["false", () => false, "86", "04"],
  ["credentials", () => new Refusal("No", "credentials"), "86", "04"],
  ["forbidden", () => new Refusal("No"), "87", "05"],
  ["invalid", () => new Refusal("No", "invalid"), "87", "05"],
  ["unavailable", () => new Refusal("No", "unavailable"), "88", "03"],
  [
    "a throw",
    () => {
      throw new Error("no database");
    },
    "88",
    "03",
  ],
];
for (const [name, answer, v5, v4] of refusals) {
  Deno.test(`MqttSession refuses CONNECT when authenticate answers with ${name}`, () => {
    for (const [version, reason] of [[5, v5], [4, v4]] as const) {
      const talk = connecting({ hooks: { authenticate: answer }, version });
      assert.deepEqual(talk.hear().map(brief), [`connack ${reason}`]);
      assert.ok(talk.stage.closed);
      talk.stage.end();
      assert.equal(talk.stage.space.subscriptions.size, 0);
    }
  });
  Deno.test(`MqttSession refuses CONNECT when authenticate answers later with ${name}`, async () => {
    for (const [version, reason] of [[5, v5], [4, v4]] as const) {
      const later = new Answer<void>();
      const hooks = { authenticate: () => later.promise.then(answer) };
      const talk = connecting({ hooks, version });
      assert.deepEqual([talk.hear(), talk.stage.paused], [[], true]);
      await later.give(undefined, talk.stage);
      assert.deepEqual(talk.hear().map(brief), [`connack ${reason}`]);
      assert.ok(talk.stage.closed);
    }
  });
}

Deno.test("MqttSession shows user name, password, client identifier and address, and keeps who it is", () => {
  let seen: unknown;
  const talk = online({
    username: "ann",
    password: bytes("secret"),
    hooks: {
      authenticate({ protocol, username, passwordText, clientId, listener, peer }) {
        seen = [protocol, username, passwordText, clientId, listener, peer.address];
        return { user: username, groups: ["staff"] };
      },
    },
  });
  assert.deepEqual(seen, ["mqtt", "ann", "secret", "c", "stage", "192.0.2.1:1000"]);
  const { user, clientId, groups } = talk.stage.identity;
  assert.deepEqual([user, clientId, groups], ["ann", "c", ["staff"]]);
});

Deno.test("MqttSession reads what follows CONNECT only when the client is let in", async () => {
  const later = new Answer<Login>();
  let password = "";
  const talk = connecting({
    username: "ann",
    password: bytes("secret"),
    hooks: {
      async authenticate(credentials) {
        const login = await later.promise;
        password = credentials.passwordText ?? "";
        return login;
      },
    },
  });
  talk.say(subscribe("a"), publish("a", "1"), ping);
  talk.stage.wait(9_000);
  assert.deepEqual(talk.hear(), []);
  await later.give({ user: "ann" }, talk.stage);
  assert.deepEqual(talk.hear().map(brief), ["connack 00", "suback 02", "pingresp", "a 1 q0"]);
  // The input that it was a part of has been overwritten.
  assert.equal(password, "secret");
  assert.equal(talk.stage.paused, false);
});

Deno.test("MqttSession forgets a client that goes before hooks have answered", async () => {
  const later = new Answer<Login>();
  const talk = connecting({ hooks: { authenticate: () => later.promise } });
  talk.stage.end();
  await later.give({ user: "ann" }, talk.stage);
  assert.deepEqual(talk.hear(), []);
});

Deno.test("MqttSession refuses a client whose will may not be published", () => {
  const hooks: Hooks = {
    authorize: ({ action, topic }) => `${action} ${topic}` !== "publish wills/c",
  };
  const talk = connecting({ hooks, will, version: 5 });
  assert.deepEqual(talk.hear().map(brief), ["connack 87"]);
  const reserved = new Talk().connect({ will: { ...will, topic: "$SYS/broker/uptime" } });
  assert.deepEqual(reserved.hear().map(brief), ["connack 05"]);
});

Deno.test("MqttSession shows a will to hooks when it is left, and publishes what they make of it", () => {
  const hooks: Hooks = {
    published: ({ topic, payload, properties }) =>
      topic === "wills/c" ? new Publication("wills/of/c", payload, { properties }) : undefined,
  };
  const space = new FakeSpace();
  const talk = online({
    hooks,
    space,
    will: { ...will, properties: { userProperties: [["a", "b"]] } },
    version: 5,
  });
  assert.equal(space.published.length, 0);
  talk.stage.end();
  const [published] = space.published;
  assert.deepEqual([published!.topic, published!.text(), published!.qos], [
    "wills/of/c",
    "gone",
    0,
  ]);
  assert.deepEqual(published!.properties?.userProperties, [["a", "b"]]);
  const refused = connecting({
    hooks: { published: () => new Refusal("No", "invalid") },
    will,
    version: 5,
  });
  assert.deepEqual(refused.hear().map(brief), ["connack 87"]);
});

Deno.test("MqttSession keeps a session for its user: the same name from another is refused", () => {
  const space = new FakeSpace();
  const hooks: Hooks = { authenticate: ({ username }) => ({ user: username }) };
  const ann = online({ hooks, space, username: "ann", clean: false });
  const bob = connecting({ hooks, space, username: "bob", clean: true, version: 5 });
  assert.deepEqual(bob.hear().map(brief), ["connack 87"]);
  assert.equal(ann.stage.closed, false);
  ann.stage.end();
  const again = connecting({ hooks, space, username: "ann", clean: false });
  assert.equal((again.hearOne() as Connack).sessionPresent, true);
});

Deno.test("MqttSession asks no hook for a password when a method has found who it is", async () => {
  const asked: string[] = [];
  const hooks: Hooks = {
    authenticate: () => false,
    authorize: ({ identity, topic }) => (asked.push(`${identity.user} ${topic}`), true),
  };
  for (const later of [false, true]) {
    const answered = new Answer<void>();
    const method: AuthMethod = {
      name: "TEST",
      begin: () => ({
        take(_data, answer) {
          const say = () => answer({ kind: "success", user: "ann" });
          if (later) answered.promise.then(say);
          else say();
        },
      }),
    };
    const talk = new Talk({ version: 5, limits: { authMethods: [method] } });
    hook(talk.stage, hooks);
    talk.connect({ clientId: "c", will, properties: { authenticationMethod: "TEST" } });
    if (later) await answered.give(undefined, talk.stage);
    assert.deepEqual(talk.hear().map(brief), ["connack 00"]);
    assert.equal(talk.stage.identity.user, "ann");
  }
  assert.deepEqual(asked, ["ann wills/c", "ann wills/c"]);
});
