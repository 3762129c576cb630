import assert from "node:assert/strict";
import { Broker } from "../../../../protocols/mqtt/broker/broker.ts";
import type { Will } from "../../../../protocols/mqtt/packets/packet.ts";
import type { Publication } from "../../../../protocols/publication.ts";
import { bytes, FakeSpace, hex } from "../../fakes.ts";
import { disconnect, leftovers, online, ping, Talk } from "../talk.ts";

function will(options: Partial<Will> = {}): Will {
  return {
    topic: "gone",
    payload: bytes("w"),
    qos: 1,
    retain: false,
    properties: undefined,
    ...options,
  };
}

function topics(space: FakeSpace): string[] {
  return space.published.map(({ topic }: Publication) => topic);
}

Deno.test("MqttSession publishes the will of a client that vanishes", () => {
  const space = new FakeSpace();
  const talk = online("a", { space, will: will({ retain: true }) });
  talk.stage.end();
  assert.deepEqual(topics(space), ["gone"]);
  const [message] = space.published;
  assert.deepEqual([message!.qos, message!.retain, message!.text()], [1, true, "w"]);
  assert.equal(leftovers(space), 0);
});

Deno.test("MqttSession publishes no will after DISCONNECT", () => {
  const space = new FakeSpace();
  online("a", { space, will: will() }).say(disconnect()).stage.end();
  assert.deepEqual(topics(space), []);
});

Deno.test("MqttSession publishes the will of a client that breaks the rules", () => {
  const space = new FakeSpace();
  const talk = online("a", { space, will: will() });
  talk.stage.feed(hex("0000"));
  talk.stage.end();
  assert.deepEqual(topics(space), ["gone"]);
});

Deno.test("MqttSession publishes the will of a client that keeps silent", () => {
  const space = new FakeSpace();
  online("a", { space, will: will(), keepAlive: 1 }).stage.wait(1500);
  assert.deepEqual(topics(space), ["gone"]);
});

Deno.test("MqttSession publishes the will of a client whose session is taken over", () => {
  const space = new FakeSpace();
  const old = online("a", { space, will: will() });
  const next = new Talk({ space }).connect({ clientId: "a" });
  old.stage.turn();
  next.hear();
  assert.deepEqual(topics(space), ["gone"]);
});

Deno.test("MqttSession refuses a will for a topic with wildcards", () => {
  assert.ok(new Talk().connect({ will: will({ topic: "a/#" }) }).stage.closed);
  const talk = new Talk({ version: 5 }).connect({ version: 5, will: will({ topic: "a/#" }) });
  const answer = talk.hearOne();
  assert.ok(answer.type === "connack" && answer.reason === 0x90);
});

Deno.test("MqttSession publishes the will when MQTT 5 asks for it at DISCONNECT", () => {
  const space = new FakeSpace();
  online("a", { space, version: 5, will: will() }).say(disconnect(4));
  assert.deepEqual(topics(space), ["gone"]);
});

const delayed = { version: 5, properties: { sessionExpiry: 60 } } as const;

Deno.test("Broker publishes a will when its delay is over", () => {
  const space = new FakeSpace(), broker = space.shared(Broker);
  const late = will({ properties: { willDelay: 10, contentType: "text/plain", messageExpiry: 5 } });
  const talk = online("a", { space, will: late, ...delayed });
  talk.stage.now = 1000;
  talk.stage.end();
  assert.deepEqual(topics(space), []);
  assert.equal(broker.deadline, 11_000);
  broker.tick(10_999, talk.stage);
  assert.deepEqual(topics(space), []);
  broker.tick(11_000, talk.stage);
  const [message] = space.published;
  assert.equal(message?.contentType, "text/plain");
  assert.equal(message?.time, 11_000);
  assert.equal(message?.properties?.expirySeconds, 5);
  assert.equal(broker.deadline, 61_000);
  broker.tick(61_000, talk.stage);
  assert.equal(topics(space).length, 1);
  assert.equal(leftovers(space), 0);
  assert.equal(broker.deadline, Infinity);
});

Deno.test("Broker forgets the delayed will of a client that comes back", () => {
  const space = new FakeSpace(), broker = space.shared(Broker);
  const late = will({ properties: { willDelay: 10 } });
  online("a", { space, will: late, ...delayed }).stage.end();
  const again = online("a", { space, clean: false, ...delayed });
  broker.tick(10_000, again.stage);
  again.say(disconnect());
  assert.deepEqual(topics(space), []);
});

Deno.test("Broker publishes the delayed will when its session ends before", () => {
  const space = new FakeSpace(), broker = space.shared(Broker);
  const late = will({ properties: { willDelay: 100 } });
  const talk = online("a", { space, will: late, ...delayed });
  talk.stage.end();
  broker.tick(60_000, talk.stage);
  assert.deepEqual(topics(space), ["gone"]);
  online("b", { space, will: late, ...delayed }).stage.end();
  online("b", { space, clean: true, ...delayed }).say(ping);
  assert.deepEqual(topics(space), ["gone", "gone"]);
});
