import assert from "node:assert/strict";
import type { Hooks, Login } from "../../../actors/hooks/hooks.ts";
import { Refusal } from "../../../protocols/identity.ts";
import { encode } from "../../../protocols/mqtt/packets/encode.ts";
import { mqtt } from "../../../protocols/mqtt/session.ts";
import { Publication } from "../../../protocols/publication.ts";
import { websocket } from "../../../protocols/websocket/upgrade.ts";
import { bytes, FakeSpace, join, type Stage } from "../fakes.ts";
import { Answer, hook } from "../hooked.ts";
import { request, stage } from "../http/client.ts";
import { connect as mqttConnect, publish as mqttPublish } from "../mqtt/talk.ts";
import { frame, lines, sample, text } from "./peer.ts";

const ann = { Authorization: `Basic ${btoa("ann:secret")}` };

/** A connection on which a WebSocket was asked for. */
function opening(
  target: string,
  hooks: Hooks,
  options: { subprotocol?: string; fields?: Record<string, string>; space?: FakeSpace } = {},
): Stage {
  const { subprotocol, fields = ann, space } = options;
  const on = stage({ upgrade: websocket({ mqtt: mqtt() }) }, space);
  hook(on, hooks);
  on.feed(request(`GET ${target}`, {
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": sample.key,
    ...subprotocol === undefined ? {} : { "Sec-WebSocket-Protocol": subprotocol },
    ...fields,
  }));
  return on;
}

function statusOf(on: Stage): string | undefined {
  return /^HTTP\/1.1 (\d+)/.exec(on.takeText())?.[1];
}

/** The same, opened. */
function open(...args: Parameters<typeof opening>): Stage {
  const on = opening(...args);
  assert.equal(statusOf(on), "101");
  return on;
}

function say(on: Stage, ...operations: unknown[]): unknown[] {
  on.feed(join(operations.map((each) => text(JSON.stringify(each)))));
  return heard(on);
}

function heard(on: Stage): unknown[] {
  return lines(on.take()).map((line) =>
    line.startsWith("text ") ? JSON.parse(line.slice(5)) : line
  );
}

const handshakes: [name: string, hooks: Hooks, status: string][] = [
  ["nobody", { authenticate: () => false }, "401"],
  ["somebody banned", { authenticate: () => new Refusal("Banned") }, "403"],
  ["somebody who may not follow the topic", { authorize: () => false }, "403"],
  [
    "anybody while the database is away",
    {
      authorize() {
        throw new Error("no database");
      },
    },
    "503",
  ],
  ["somebody who may", { authenticate: () => ({ user: "ann" }), authorize: () => true }, "101"],
];
for (const [name, hooks, status] of handshakes) {
  Deno.test(`A WebSocket of ${name} is answered ${status}`, async () => {
    for (const subprotocol of [undefined, "json"]) {
      const on = opening("/topics/a", hooks, { subprotocol });
      assert.equal(statusOf(on), status);
    }
    const later: Hooks = {
      authenticate: async (shown) => {
        await null;
        return hooks.authenticate ? await hooks.authenticate(shown) : {};
      },
      authorize: async (access) => {
        await null;
        return hooks.authorize ? await hooks.authorize(access) : true;
      },
    };
    const on = opening("/topics/a", later);
    assert.equal(statusOf(on), undefined);
    for (let i = 0; i < 2; i++) await new Answer<void>().give(undefined, on);
    assert.equal(statusOf(on), status);
  });
}

Deno.test("A WebSocket shows a token from its address, for browsers set no field", () => {
  let seen: unknown;
  const authenticate: Hooks["authenticate"] = ({ protocol, token }) => {
    seen = [protocol, token];
    return { user: "ann" };
  };
  open("/topics/a?access_token=abc", { authenticate }, { fields: {} });
  assert.deepEqual(seen, ["websocket", "abc"]);
});

Deno.test("A WebSocket that has gone before hooks answer is not opened", async () => {
  const later = new Answer<Login>();
  const connected: unknown[] = [];
  const hooks: Hooks = {
    authenticate: () => later.promise,
    connected: (who) => connected.push(who),
  };
  const on = opening("/topics/a", hooks);
  on.end();
  await later.give({ user: "ann" }, on);
  assert.deepEqual([on.takeText(), connected, on.space.subscriptions.size], ["", [], 0]);
});

Deno.test("What is sent behind the handshake waits until hooks have answered", async () => {
  const later = new Answer<Login>();
  const on = opening("/topics/a", { authenticate: () => later.promise });
  on.feed(text("one"));
  assert.equal(on.space.published.length, 0);
  await later.give({ user: "ann" }, on);
  on.resume();
  assert.deepEqual(on.space.published.map((each) => each.text()), ["one"]);
});

Deno.test("A json client is told of each operation whether it may do it, and goes on", async () => {
  const later = new Answer<boolean>();
  const hooks: Hooks = {
    authorize: ({ topic }) => topic === "later" ? later.promise : topic !== "no",
    published: ({ topic }) => topic === "bad" ? new Refusal("Not JSON", "invalid") : undefined,
  };
  const on = open("/", hooks, { subprotocol: "json" });
  const denied = (id: number, action: string) => ({
    op: "error",
    id,
    reason: `Not allowed to ${action} "no"`,
  });
  assert.deepEqual(
    say(
      on,
      { op: "subscribe", id: 1, filter: "no" },
      { op: "publish", id: 2, topic: "no" },
      { op: "publish", id: 3, topic: "bad" },
      { op: "subscribe", id: 4, filter: "yes" },
    ),
    [
      denied(1, "subscribe"),
      denied(2, "publish"),
      { op: "error", id: 3, reason: "Not JSON" },
      { op: "ack", id: 4 },
    ],
  );
  const rest = [{ op: "publish", id: 6, topic: "no" }, { op: "unsubscribe", id: 7, filter: "yes" }];
  assert.deepEqual(say(on, { op: "publish", id: 5, topic: "later" }, ...rest), []);
  await later.give(true, on);
  assert.deepEqual(heard(on), [{ op: "ack", id: 5 }, denied(6, "publish"), { op: "ack", id: 7 }]);
});

Deno.test("A request that may not be made waits for no reply", () => {
  const on = open("/", { authorize: () => false }, { subprotocol: "json" });
  say(on, { op: "publish", id: 1, topic: "no", reply: "5s" });
  on.wait(10_000);
  assert.deepEqual(heard(on), []);
});

Deno.test("A plain WebSocket is closed with 1008 for what it may not publish", async () => {
  const on = open("/topics/a", { authorize: ({ action }) => action !== "publish" });
  on.feed(text("x"));
  assert.deepEqual(heard(on), ['close 1008 Not allowed to publish "a"']);
  const later = open("/topics/a", { published: () => Promise.resolve(new Refusal("No")) });
  later.feed(join([text("1"), text("2")]));
  await new Answer<void>().give(undefined, later);
  assert.deepEqual(heard(later), ["close 1008 No"]);
  assert.equal(later.space.published.length, 0);
});

Deno.test("WebSockets are sent only what their client may see", () => {
  for (const subprotocol of [undefined, "json"]) {
    const space = new FakeSpace();
    for (const topic of ["a/open", "a/secret"]) {
      space.publish(new Publication(topic, bytes(topic), { retain: true }));
    }
    const authorize: Hooks["authorize"] = ({ topic }) => topic !== "a/secret";
    const on = opening("/topics/a/%23", { authorize }, { subprotocol, space });
    space.publish(new Publication("a/secret", bytes("a/secret")));
    space.publish(new Publication("a/open", bytes("again")));
    on.turn();
    const sent = on.takeText();
    assert.match(sent, /a\/open.*again/s);
    assert.doesNotMatch(sent, /secret/);
  }
});

Deno.test("MQTT inside a WebSocket has its own login, and none at the handshake", async () => {
  const later = new Answer<Login>();
  const protocols: string[] = [];
  const hooks: Hooks = {
    authenticate({ protocol }) {
      protocols.push(protocol);
      return later.promise;
    },
  };
  const on = open("/mqtt", hooks, { subprotocol: "mqtt", fields: {} });
  const packets = [mqttConnect(), mqttPublish("a", "1")].map((each) => encode(each, 4)!);
  on.feed(join(packets.map((each) => frame(2, each))));
  assert.deepEqual([protocols, heard(on), on.paused], [["mqtt"], [], true]);
  await later.give({ user: "ann" }, on);
  assert.deepEqual(heard(on), ["binary 20020000"]);
  assert.deepEqual(on.space.published.map(({ topic }) => topic), ["a"]);
});

Deno.test("Hooks hear when a WebSocket has come and gone", () => {
  const said: string[] = [];
  const on = open("/topics/a", {
    authenticate: ({ username }) => ({ user: username }),
    connected: ({ user }) => said.push(`${user} came`),
    disconnected: ({ user }) => said.push(`${user} went`),
    subscribed: ({ filter }) => said.push(`follows ${filter}`),
  });
  on.end();
  assert.deepEqual(said, ["ann came", "follows a", "ann went"]);
});

Deno.test("No WebSocket publishes to $SYS", () => {
  const json = open("/", {}, { subprotocol: "json" });
  const operation = { op: "publish", id: 1, topic: "$SYS/broker/uptime", retain: true };
  assert.match(JSON.stringify(say(json, operation)), /only the gateway itself publishes there/);
  const raw = open("/topics/$SYS/broker/uptime", {});
  raw.feed(text("x"));
  assert.match(`${heard(raw)}`, /^close 1008 /);
});
