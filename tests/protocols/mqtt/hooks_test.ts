import assert from "node:assert/strict";
import type { Hooks } from "../../../actors/hooks/hooks.ts";
import { Refusal } from "../../../protocols/identity.ts";
import type { Packet } from "../../../protocols/mqtt/packets/packet.ts";
import { Publication } from "../../../protocols/publication.ts";
import { bytes, FakeSpace } from "../fakes.ts";
import { Answer } from "../hooked.ts";
import { brief, connecting, online } from "./guests.ts";
import { ping, pong, publish, shown, subscribe, Talk } from "./talk.ts";

Deno.test("MqttSession answers for each filter whether it may be followed", () => {
  const filters: string[] = [];
  const hooks: Hooks = {
    authorize({ action, topic }) {
      if (action === "subscribe") filters.push(topic);
      if (topic === "broken") throw new Error("no database");
      return !topic.startsWith("secret");
    },
  };
  const requests = ["open", "secret/a", "a/#/b", "broken"].map((filter) =>
    (subscribe(filter) as Packet & { type: "subscribe" }).filters[0]!
  );
  for (const [version, reasons] of [[5, "02 87 8f 83"], [4, "02 80 80 80"]] as const) {
    const talk = online({ hooks, version });
    talk.say({ type: "subscribe", packetId: 1, filters: requests, properties: undefined });
    assert.deepEqual(talk.hear().map(brief), [`suback ${reasons}`]);
    assert.deepEqual([...talk.stage.space.subscriptions.values()][0]?.size, 1);
  }
  // One that is not valid is nobody's question.
  assert.deepEqual(filters.slice(0, 3), ["open", "secret/a", "broken"]);
});

Deno.test("MqttSession asks about the filter inside a shared subscription", () => {
  const asked: string[] = [];
  const hooks: Hooks = { authorize: ({ topic }) => (asked.push(topic), false) };
  const talk = online({ hooks, version: 5 });
  talk.say(subscribe("$share/g/a/b"));
  assert.deepEqual(asked, ["a/b"]);
  assert.deepEqual(talk.hear().map(brief), ["suback 87"]);
});

Deno.test("MqttSession tells an MQTT 5 publisher why, and hangs up on others [MQTT-3.3.5-2]", () => {
  const hooks: Hooks = {
    authorize: ({ topic }) => topic !== "no",
    published({ topic }) {
      if (topic === "bad") return new Refusal("Not JSON", "invalid");
      if (topic === "broken") throw new Error("no database");
    },
  };
  const cases = [["yes", "10"], ["no", "87"], ["bad", "99"], ["broken", "83"]] as const;
  for (const [topic, reason] of cases) {
    const talk = online({ hooks, version: 5 });
    talk.say(
      publish(topic, "x", { qos: 1, packetId: 1 }),
      publish(topic, "x", { qos: 2, packetId: 2 }),
    );
    talk.say(publish(topic, "x"), ping);
    const answers = [`puback ${reason}`, `pubrec ${reason}`, "pingresp"];
    assert.deepEqual(talk.hear().map(brief), answers, topic);
    assert.equal(talk.stage.space.published.length, topic === "yes" ? 3 : 0);
    for (const qos of [0, 1, 2] as const) {
      const old = online({ hooks, version: 4 });
      old.say(publish(topic, "x", { qos, packetId: qos }));
      assert.equal(old.stage.closed, topic !== "yes", `${topic} at QoS ${qos}`);
    }
  }
});

Deno.test("MqttSession publishes what hooks make of a message, and acknowledges the client's", () => {
  const hooks: Hooks = {
    published: ({ topic, payload }, { clientId }) =>
      new Publication(`${clientId}/${topic}`, payload, { qos: 0, retain: true }),
  };
  const talk = online({ hooks, version: 5 });
  talk.say(publish("a", "x", { qos: 1, packetId: 9 }));
  assert.deepEqual(talk.hear().map(brief), ["puback 10"]);
  assert.equal(talk.stage.space.values.get("c/a")?.text(), "x");
});

Deno.test("MqttSession keeps the order while hooks take their time", async () => {
  const answers: Answer<boolean>[] = [];
  const hooks: Hooks = {
    authorize() {
      const answer = new Answer<boolean>();
      answers.push(answer);
      return answer.promise;
    },
  };
  const talk = online({ hooks, version: 5 });
  talk.say(
    publish("1", "x", { qos: 1, packetId: 1 }),
    subscribe("2"),
    publish("3", "x", { qos: 2, packetId: 3 }),
    ping,
  );
  assert.deepEqual([talk.hear(), talk.stage.paused, answers.length], [[], true, 1]);
  await answers[0]!.give(true, talk.stage);
  assert.deepEqual(talk.hear().map(brief), ["puback 10"]);
  await answers[1]!.give(false, talk.stage);
  assert.deepEqual(talk.hear().map(brief), ["suback 87"]);
  // Silence is not the client's while we do not read.
  talk.stage.wait(60_000);
  await answers[2]!.give(true, talk.stage);
  assert.deepEqual(talk.hear().map(brief), ["pubrec 10", "pingresp"]);
  assert.deepEqual(talk.stage.space.published.map(({ topic }) => topic), ["1", "3"]);
});

Deno.test("MqttSession with hooks: fed whole or one byte at a time, the effects are the same", () => {
  const outcomes = [Infinity, 1, 7].map((step) => {
    const seen: string[] = [];
    const talk = online({
      version: 5,
      hooks: {
        authorize: ({ action, topic }) => (seen.push(`${action} ${topic}`), topic !== "no"),
        published: ({ topic }) => void seen.push(`published ${topic}`),
        subscribed: ({ filter }) => seen.push(`subscribed ${filter}`),
      },
    });
    const feed = talk.stage.feed.bind(talk.stage);
    talk.stage.feed = (input) => feed(input, step);
    talk.say(subscribe("a/+"), publish("a/b", "1", { qos: 1, packetId: 2 }), publish("no", "2"));
    return [seen, talk.hear().map(brief)];
  });
  assert.deepEqual(outcomes[1], outcomes[0]);
  assert.deepEqual(outcomes[2], outcomes[0]);
  assert.deepEqual(outcomes[0]![0], [
    "subscribe a/+",
    "subscribed a/+",
    "publish a/b",
    "published a/b",
    "deliver a/b",
    "publish no",
  ]);
});

Deno.test("MqttSession sends a wildcard subscriber only what it may see, stored values too", () => {
  const space = new FakeSpace();
  const value = { retain: true, qos: 1 } as const;
  space.publish(new Publication("a/open", bytes("1"), value));
  space.publish(new Publication("a/secret", bytes("2"), value));
  const hooks: Hooks = { authorize: ({ topic }) => !topic.endsWith("secret") };
  const talk = online({ hooks, space });
  talk.say(subscribe("a/+"));
  space.publish(new Publication("a/secret", bytes("3")));
  space.publish(new Publication("a/open", bytes("4")));
  assert.deepEqual(talk.messages(), ["a/open 1 q1 r #1", "a/open 4 q0"]);
});

Deno.test("MqttSession tells when a client has come and gone, once each", () => {
  const heard: string[] = [];
  const hooks: Hooks = {
    authenticate: ({ clientId }) => clientId === "bad" ? false : { user: clientId },
    connected: ({ user }) => heard.push(`${user} came`),
    disconnected: ({ user }) => heard.push(`${user} went`),
  };
  connecting({ hooks, clientId: "bad" }).stage.end();
  const space = new FakeSpace();
  const first = online({ hooks, space });
  const second = connecting({ hooks, space });
  first.stage.turn();
  second.stage.turn();
  first.stage.end();
  second.stage.end();
  assert.deepEqual(heard, ["c came", "c went", "c came", "c went"]);
});

Deno.test("MqttSession does not let clients publish to $SYS", () => {
  const talk = new Talk({ version: 5 }).connect();
  talk.hear();
  talk.say(publish("$SYS/broker/uptime", "x", { qos: 1, packetId: 1 }), ping);
  talk.say(publish("$SYS/broker/uptime", "x", { retain: true }), ping);
  assert.deepEqual(talk.hear().map(brief), ["puback 87", shown(pong), shown(pong)]);
  assert.equal(talk.stage.space.values.size, 0);
});

Deno.test("A shared subscription gives a message to a member that may see it, or keeps it for one", () => {
  const space = new FakeSpace();
  const hooks: Hooks = {
    authenticate: ({ clientId }) => ({ user: clientId }),
    authorize: ({ action, identity, topic }) =>
      action !== "deliver" || identity.user === "boss" || topic !== "a/secret",
  };
  const worker = online({ hooks, space, clientId: "worker" });
  const filter = "$share/g/a/+";
  worker.say(subscribe(filter)).hear();
  for (const topic of ["a/open", "a/secret"]) {
    space.publish(new Publication(topic, bytes("1"), { qos: 1 }));
  }
  assert.deepEqual(worker.messages(), ["a/open 1 q1 #1"]);
  const boss = online({ hooks, space, clientId: "boss" });
  boss.say(subscribe(filter));
  assert.deepEqual(boss.messages(), ["a/secret 1 q1 #1"]);
  for (let i = 0; i < 3; i++) space.publish(new Publication("a/secret", bytes("2")));
  assert.deepEqual([worker.messages(), boss.messages().length], [[], 3]);
});
