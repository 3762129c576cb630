import assert from "node:assert/strict";
import type { Hooks } from "../../../../actors/hooks/hooks.ts";
import { Code } from "../../../../protocols/coap/messages/codec.ts";
import { Refusal } from "../../../../protocols/identity.ts";
import { Broker } from "../../../../protocols/mqtt/broker/broker.ts";
import { defaults } from "../../../../protocols/mqtt/limits.ts";
import { bytes, hex, nobody } from "../../fakes.ts";
import { Answer, FakeGrant, hook } from "../../hooked.ts";
import { brief, FakeDatagrams, PEER, request } from "../fake_datagrams.ts";
import { ask, connect } from "./client_stage.ts";
import { observe } from "./pubsub_stage.ts";

const MOVED = "192.0.2.1:6000", STRANGER = "198.51.100.7:5000";

function hooked(hooks: Hooks): FakeDatagrams {
  const stage = new FakeDatagrams();
  hook(stage, hooks);
  return stage;
}

Deno.test("a client connects, publishes, sends heartbeats and disconnects", () => {
  const stage = new FakeDatagrams(), me = connect(stage, "7");
  assert.equal(ask(stage, Code.put, `/ps/a?${me}`), "2.01");
  assert.equal(ask(stage, Code.put, `/mqtt/connection?${me}`), "2.04");
  assert.equal(ask(stage, Code.delete, `/mqtt/connection?${me}`), "2.02");
  for (const [code, uri] of [[Code.put, "/mqtt/connection"], [Code.get, "/ps/a"]] as const) {
    assert.equal(ask(stage, code, `${uri}?${me}`), "4.01");
  }
  assert.equal(stage.session.load.clients, 0);
});

const refused: [name: string, code: number, uri: string, answer: string][] = [
  ["to connect without a name", Code.post, "/mqtt/connection", "4.00"],
  ["to connect with an empty name", Code.post, "/mqtt/connection?clientid=", "4.00"],
  ["a heartbeat without a token", Code.put, "/mqtt/connection?clientid=7", "4.00"],
  ["to end without a token", Code.delete, "/mqtt/connection?clientid=7", "4.00"],
  ["a token without a name", Code.put, "/mqtt/connection?token=x", "4.01"],
  ["a wrong token", Code.put, "/mqtt/connection?clientid=7&token=x", "4.01"],
  ["a token that is no text of ours", Code.put, `/ps/a?clientid=7&token=${"é".repeat(32)}`, "4.01"],
  ["a token of somebody else", Code.put, "/ps/a?clientid=8&token=x", "4.01"],
  ["to read a connection", Code.get, "/mqtt/connection?clientid=7", "4.05"],
  ["topics below /mqtt", Code.post, "/mqtt/a/b", "4.04"],
  ["/mqtt", Code.post, "/mqtt", "4.04"],
];
for (const [name, code, uri, answer] of refused) {
  Deno.test(`connection mode refuses ${name}`, () => {
    const stage = new FakeDatagrams();
    connect(stage, "7");
    assert.equal(ask(stage, code, uri), answer);
    assert.equal(stage.session.load.clients, 1);
    assert.equal(stage.space.values.size, 0);
  });
}

Deno.test("who has connected is asked for no password again", () => {
  const seen: string[] = [];
  const stage = hooked({
    authenticate({ clientId, username, passwordText }) {
      seen.push(`${clientId} ${username} ${passwordText}`);
      return passwordText === "public" ? { user: username } : false;
    },
    authorize: ({ action, topic, identity }) => {
      seen.push(`${action} ${topic} by ${identity.user} ${identity.clientId}`);
      return topic === "a";
    },
    connected: ({ user }) => void seen.push(`connected ${user}`),
    disconnected: ({ user }) => void seen.push(`disconnected ${user}`),
  });
  const uri = "/mqtt/connection?clientid=7&username=admin&password=";
  assert.equal(ask(stage, Code.post, `${uri}wrong`), "4.01");
  const me = connect(stage, "7", "&username=admin&password=public");
  assert.equal(ask(stage, Code.put, `/ps/a?${me}`), "2.01");
  assert.equal(ask(stage, Code.put, `/ps/b?${me}`), "4.03");
  assert.equal(observe(stage, `/topics/a?${me}`, 1), "2.05 1 observed");
  assert.match(ask(stage, Code.get, `/.well-known/core?rt=core.ps.coll&${me}`), /pubsub/);
  assert.equal(ask(stage, Code.get, "/ps/a"), "4.01");
  ask(stage, Code.delete, `/mqtt/connection?${me}`);
  assert.deepEqual(seen, [
    "7 admin wrong",
    "7 admin public",
    "connected admin",
    "publish a by admin 7",
    "publish b by admin 7",
    "subscribe a by admin 7",
    "deliver a by admin 7",
    "undefined undefined undefined",
    "disconnected admin",
  ]);
});

Deno.test("a client connects when hooks have answered later", async () => {
  const later = new Answer<{ user: string }>();
  const stage = hooked({ authenticate: () => later.promise });
  const connecting = request(Code.post, "/mqtt/connection?clientid=7", { token: hex("0102") });
  assert.deepEqual(stage.ask(connecting).map(brief), ["0.00"]);
  await later.give({ user: "ann" }, stage);
  const said = stage.takeOne();
  assert.match(brief(said), /^CON 2\.01 [0-9a-f]{32}$/);
  // What answered a duplicate is what was answered first.
  assert.equal(stage.ask(connecting).length, 1);
  assert.equal(stage.session.load.clients, 1);
});

Deno.test("a request that was lost on its way back gives one token", () => {
  const stage = new FakeDatagrams();
  const connecting = request(Code.post, "/mqtt/connection?clientid=7");
  const [first] = stage.ask(connecting), [second] = stage.ask(connecting);
  assert.deepEqual(second, first);
  assert.equal(stage.session.load.clients, 1);
});

Deno.test("a client that says nothing for 45 s is gone, and its observations with it", () => {
  const stage = new FakeDatagrams(), me = connect(stage, "7");
  stage.tell("a", "1");
  observe(stage, `/ps/a?${me}`, 1);
  observe(stage, "/ps/a", 2, STRANGER);
  stage.wait(44_999);
  assert.equal(ask(stage, Code.put, `/mqtt/connection?${me}`), "2.04");
  stage.wait(44_999);
  assert.equal(ask(stage, Code.get, `/ps/a?${me}`), "2.05 1");
  stage.wait(44_999);
  assert.equal(stage.session.load.clients, 1);
  stage.take();
  stage.wait(1);
  const [end, ...none] = stage.sent.splice(0);
  assert.deepEqual([end!.to, brief(end!.message), none], [PEER, "NON 4.01", []]);
  assert.deepEqual(end!.message.payload, bytes("No heartbeat came in time"));
  assert.deepEqual([stage.session.load.clients, stage.session.load.observers], [0, 1]);
  assert.equal(ask(stage, Code.get, `/ps/a?${me}`), "4.01");
});

Deno.test("a listener can have another heartbeat", () => {
  const stage = new FakeDatagrams({ heartbeatMs: 2_000 });
  connect(stage, "7");
  stage.wait(2_999);
  assert.equal(stage.session.load.clients, 1);
  stage.wait(1);
  assert.equal(stage.session.load.clients, 0);
});

Deno.test("a client is gone when its login ends", async () => {
  const stage = new FakeDatagrams();
  const { clock } = hook(stage, {
    authenticate: () => ({ user: "ann", expires: 1_010_000 }),
  });
  const me = connect(stage, "7");
  stage.tell("a", "1");
  observe(stage, `/ps/a?${me}`, 1);
  await clock.move(9_999);
  stage.wait(9_999);
  assert.equal(ask(stage, Code.put, `/mqtt/connection?${me}`), "2.04");
  await clock.move(1);
  stage.turn();
  assert.deepEqual(stage.take().map(({ payload }) => payload), [bytes("The login has expired")]);
  assert.equal(ask(stage, Code.put, `/mqtt/connection?${me}`), "4.01");
});

Deno.test("a client is gone when its login is revoked", () => {
  const grant = new FakeGrant(), gone: unknown[] = [];
  const stage = hooked({
    authenticate: () => ({ user: "ann", grant }),
    disconnected: ({ user }) => gone.push(user),
  });
  const me = connect(stage, "7");
  stage.tell("a", "1");
  observe(stage, `/ps/a?${me}`, 1);
  grant.revoke();
  stage.turn();
  assert.deepEqual(stage.take().map(({ payload }) => payload), [
    bytes("The login has been revoked"),
  ]);
  assert.equal(ask(stage, Code.put, `/mqtt/connection?${me}`), "4.01");
  assert.deepEqual([gone, grant.size], [["ann"], 0]);
});

Deno.test("who connects under a name takes the place of who had it", () => {
  const stage = new FakeDatagrams(), other = new FakeDatagrams({}, stage.space);
  stage.tell("a", "1");
  const first = connect(stage, "7");
  observe(stage, `/ps/a?${first}`, 1);
  const second = connect(stage, "7", "", STRANGER);
  assert.notEqual(first, second);
  assert.equal(ask(stage, Code.get, `/ps/a?${first}`), "4.01");
  assert.equal(stage.session.load.observers, 0);
  observe(stage, `/ps/a?${second}`, 1, STRANGER);
  stage.take();
  const third = connect(other, "7");
  stage.turn();
  const [end] = stage.sent.splice(0);
  assert.deepEqual([end!.to, brief(end!.message)], [STRANGER, "NON 4.01"]);
  assert.match(new TextDecoder().decode(end!.message.payload), /taken this clientid over/);
  assert.deepEqual([stage.session.load.clients, other.session.load.clients], [0, 1]);
  assert.equal(ask(other, Code.get, `/ps/a?${third}`), "2.05 1");
});

Deno.test("who connects here, there and here again in one turn is here alone", () => {
  const stage = new FakeDatagrams(), other = new FakeDatagrams({}, stage.space);
  const first = connect(stage, "7");
  observe(stage, `/ps/a?${first}`, 1);
  stage.hasRoom = false;
  connect(other, "7");
  stage.hasRoom = true;
  connect(stage, "7");
  other.turn();
  assert.deepEqual([stage.session.load.clients, other.session.load.clients], [1, 0]);
  assert.equal(stage.session.load.observers, 0);
  stage.wait(45_000);
  assert.deepEqual([stage.session.load.clients, stage.session.load.timers], [0, 0]);
});

Deno.test("clients in connection mode are bounded, in all and from one host", () => {
  const stage = new FakeDatagrams({ maxClients: 3, maxClientsPerHost: 2 });
  const connecting = (id: number, from = PEER) =>
    ask(stage, Code.post, `/mqtt/connection?clientid=${id}`, from).slice(0, 4);
  assert.deepEqual([1, 2, 3].map((id) => connecting(id)), ["2.01", "2.01", "5.03"]);
  assert.equal(connecting(3, MOVED), "5.03");
  assert.equal(connecting(2, MOVED), "2.01");
  assert.equal(connecting(3, STRANGER), "2.01");
  assert.equal(connecting(4, STRANGER), "5.03");
  assert.equal(connecting(1, "203.0.113.1:1"), "2.01");
  assert.equal(stage.space.counts.get("coap.client.refused"), 3);
  stage.wait(45_000);
  assert.deepEqual([1, 2, 3].map((id) => connecting(id)), ["2.01", "2.01", "5.03"]);
});

Deno.test("nothing is left of clients when all is over", () => {
  const stage = new FakeDatagrams(), me = connect(stage, "7");
  observe(stage, `/ps/a?${me}`, 1);
  stage.session.ended();
  assert.deepEqual([stage.session.load.clients, stage.session.load.timers], [0, 0]);
  assert.equal(stage.space.subscriptions.size, 0);
  const other = new FakeDatagrams({}, stage.space);
  connect(other, "7");
});

Deno.test("a refusal to connect leaves who had the name alone", () => {
  let answer: { user: string } | Refusal = { user: "ann" };
  const stage = hooked({ authenticate: () => answer });
  const me = connect(stage, "7");
  answer = new Refusal("Not now", "unavailable");
  assert.equal(ask(stage, Code.post, "/mqtt/connection?clientid=7"), "5.03");
  assert.equal(ask(stage, Code.put, `/mqtt/connection?${me}`), "2.04");
});

Deno.test("connection mode refuses a name that another user has by MQTT", () => {
  const stage = hooked({ authenticate: ({ username }) => ({ user: username! }) });
  const limits = { ...defaults }, broker = stage.space.shared(Broker);
  const client = broker.client("pump", limits);
  client.identity = { ...nobody, user: "ann" };
  broker.resume(client);
  const as = (user: string) => `/mqtt/connection?clientid=pump&username=${user}&password=x`;
  assert.equal(ask(stage, Code.post, as("bob")), "4.03");
  assert.match(ask(stage, Code.post, as("ann")), /^2\.01 /);
});
