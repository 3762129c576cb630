import assert from "node:assert/strict";
import { TopicAliases } from "../../../protocols/mqtt/alias.ts";
import { decode } from "../../../protocols/mqtt/packets/decode.ts";
import { encode } from "../../../protocols/mqtt/packets/encode.ts";
import type { Properties } from "../../../protocols/mqtt/packets/property.ts";
import { FakeSpace } from "../fakes.ts";
import { ack, online, publish, subscribe, type Talk } from "./talk.ts";

const v5 = { version: 5 } as const;

/** Topic and alias of each message that came. */
function seen(talk: Talk): [string, number | undefined][] {
  return talk.hear().flatMap((each) =>
    each.type === "publish" ? [[each.topic, each.properties?.topicAlias]] : []
  );
}

Deno.test("MqttSession sets an alias at the second use of a topic, as many as the client takes", () => {
  const space = new FakeSpace();
  const plain = online("plain", { space, ...v5 }).say(subscribe("#"));
  const to = online("to", { space, ...v5, properties: { topicAliasMaximum: 1 } }).say(
    subscribe("#"),
  );
  const from = online("from", { space });
  for (const topic of ["topic/a", "topic/a", "topic/b", "topic/a", "topic/b", "topic/b"]) {
    from.say(publish(topic, "x"));
  }
  assert.deepEqual(seen(to), [
    ["topic/a", undefined],
    ["topic/a", 1],
    ["topic/b", undefined],
    ["", 1],
    ["topic/b", undefined],
    ["topic/b", undefined],
  ]);
  assert.ok(seen(plain).every(([topic, alias]) => topic !== "" && alias === undefined));
});

Deno.test("MqttSession sets no more aliases than its own limit", () => {
  const limits = { topicAliasMaximum: 0 };
  const to = online("to", { ...v5, limits, properties: { topicAliasMaximum: 9 } }).say(
    subscribe("#"),
  );
  for (let each = 0; each < 3; each++) to.say(publish("topic/a", ""));
  assert.deepEqual(seen(to), [["topic/a", undefined], ["topic/a", undefined], [
    "topic/a",
    undefined,
  ]]);
});

Deno.test("MqttSession sends the same message by an alias at every QoS and length", () => {
  const space = new FakeSpace();
  const to = online("to", { space, ...v5, properties: { topicAliasMaximum: 9 } });
  const plain = online("plain", { space, ...v5 });
  for (const talk of [to, plain]) {
    talk.say(subscribe("#", { properties: { subscriptionIds: [300] } }));
  }
  const from = online("from", { space, ...v5 });
  to.hear();
  plain.hear();
  const aliases: (number | undefined)[] = [];
  for (const length of [0, 100, 124, 200, 5000, 16_380, 20_000]) {
    for (const qos of [0, 1, 2] as const) {
      const properties: Properties = {
        messageExpiry: 9,
        userProperties: [["k", "v".repeat(length % 128)]],
      };
      from.say(publish("topic/é", "x".repeat(length), { qos, packetId: qos, properties }));
      from.say(ack("pubrel", 2)).hear();
      const [[one], [other]] = [to.hear(), plain.hear()];
      assert.ok(one?.type === "publish" && other?.type === "publish");
      const { topicAlias, ...rest } = one.properties!;
      aliases.push(topicAlias);
      assert.deepEqual({ ...one, topic: "topic/é", properties: rest }, other);
      for (const talk of [to, plain]) {
        if (qos === 1) talk.say(ack("puback", one.packetId));
        if (qos === 2) talk.say(ack("pubrec", one.packetId), ack("pubcomp", one.packetId)).hear();
      }
    }
  }
  assert.deepEqual([...new Set(aliases)], [undefined, 1]);
});

Deno.test("TopicAliases sets no alias that would make the packet too large", () => {
  const aliases = new TopicAliases(3), packet = encode(publish("topic/a", "x"), 5)!;
  aliases.shorten(packet, "topic/a", 100);
  assert.equal(aliases.shorten(packet, "topic/a", packet.length + 2), packet);
  assert.equal(aliases.shorten(packet, "topic/a", packet.length + 3).length, packet.length + 3);
  const [short] = decode(aliases.shorten(packet, "topic/a", 100), 5, 100)!;
  assert.ok(short.type === "publish" && short.topic === "" && short.properties?.topicAlias === 1);
});

Deno.test("TopicAliases forgets topics that were used once, and finds room for those used twice", () => {
  const aliases = new TopicAliases(1), packet = encode(publish("topic/a", "x"), 5)!;
  for (let each = 0; each < 10_000; each++) {
    assert.equal(aliases.shorten(packet, `topic/${each}`, 100), packet);
  }
  assert.notEqual(aliases.shorten(packet, "topic/9999", 100), packet);
});

Deno.test("MqttSession sets no alias for a topic of thousands of characters, which it would hold", () => {
  const aliases = new TopicAliases(9), topic = "x".repeat(2_000);
  const packet = encode(publish(topic, "x"), 5)!;
  for (let each = 0; each < 3; each++) {
    assert.equal(aliases.shorten(packet, topic, Infinity), packet);
  }
});
