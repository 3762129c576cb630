import assert from "node:assert/strict";
import { Broker } from "../../../protocols/mqtt/broker/broker.ts";
import type { Link } from "../../../protocols/mqtt/link.ts";
import { Retained } from "../../../protocols/mqtt/retained.ts";
import { Publication } from "../../../protocols/publication.ts";
import { bytes, FakeSpace } from "../fakes.ts";
import { ack, online, publish, shown, subscribe, unsubscribe } from "./talk.ts";

function stored(count: number, qos: 0 | 1 = 0): FakeSpace {
  const space = new FakeSpace();
  for (let each = 1; each <= count; each++) {
    space.values.set(`s/${each}`, new Publication(`s/${each}`, bytes("v"), { qos, retain: true }));
  }
  return space;
}

Deno.test("MqttSession sends stored messages after SUBACK, marked as such", () => {
  const space = new FakeSpace();
  online("a", { space }).say(
    publish("s/1", "old", { retain: true }),
    publish("s/1", "new", { retain: true }),
  );
  const talk = online("b", { space }).say(subscribe("s/+", { qos: 1 }));
  assert.deepEqual(talk.hear().map(shown), ["suback 1", "s/1 new q0 r"]);
});

Deno.test("MqttSession passes a live message on without the retain flag", () => {
  const space = new FakeSpace();
  const talk = online("b", { space }).say(subscribe("s"));
  talk.hear();
  online("a", { space }).say(publish("s", "x", { retain: true }));
  assert.deepEqual(talk.messages(), ["s x q0"]);
});

Deno.test("MqttSession clears a stored message with an empty one", () => {
  const space = stored(1);
  online("a", { space }).say(publish("s/1", "", { retain: true }));
  assert.deepEqual(online("b", { space }).say(subscribe("#")).messages(), []);
});

Deno.test("MqttSession sends stored messages again for a repeated SUBSCRIBE", () => {
  const talk = online("b", { space: stored(1) }).say(subscribe("#"), subscribe("#"));
  assert.deepEqual(talk.messages(), ["s/1 v q0 r", "s/1 v q0 r"]);
});

Deno.test("MqttSession sends stored messages of QoS 1 as far as the window goes", () => {
  const talk = online("b", { space: stored(3, 1), limits: { maxInflight: 2 } });
  assert.deepEqual(talk.say(subscribe("#")).messages(), ["s/1 v q1 r #1", "s/2 v q1 r #2"]);
  talk.say(ack("puback", 1));
  assert.deepEqual(talk.messages(), ["s/3 v q1 r #3"]);
});

Deno.test("MqttSession reads stored messages no faster than the wire takes them", () => {
  const space = stored(100);
  const talk = online("b", { space });
  let read = 0;
  const { retainedMatching } = talk.stage;
  talk.stage.retainedMatching = function* (filter) {
    for (const value of retainedMatching.call(talk.stage, filter)) {
      read++;
      yield value;
    }
  };
  const send = talk.stage.send.bind(talk.stage);
  let room = 10;
  talk.stage.send = (piece) => {
    talk.stage.full = --room <= 0;
    return send(piece);
  };
  talk.say(subscribe("#"));
  assert.equal(talk.messages().length, 9);
  assert.equal(read, 9);
  for (let sent = 9; sent < 100; sent += 10) {
    room = 10;
    talk.stage.full = false;
    talk.stage.session.drained!(0);
    assert.equal(talk.messages().length, Math.min(10, 100 - sent));
  }
});

Deno.test("MqttSession stops sending stored messages after UNSUBSCRIBE", () => {
  const talk = online("b", { space: stored(10) });
  talk.stage.full = true;
  talk.say(subscribe("#"), unsubscribe("#"));
  talk.stage.full = false;
  talk.stage.session.drained!(0);
  assert.deepEqual(talk.messages(), []);
});

Deno.test("MqttSession leaves out stored messages that have expired", () => {
  const space = new FakeSpace();
  for (const seconds of [1, 100]) {
    const options = { retain: true, time: 0, properties: { expirySeconds: seconds } };
    space.values.set(`s/${seconds}`, new Publication(`s/${seconds}`, bytes("v"), options));
  }
  const talk = online("b", { space, now: 50_000 }).say(subscribe("#"));
  assert.deepEqual(talk.messages(), ["s/100 v q0 r"]);
});

Deno.test("Retained gives no value that had to wait until its client may not see it any more", () => {
  const space = stored(2, 1), { stage } = online("b", { space });
  const client = space.shared(Broker).clients.get("b")!, hidden = new Set<string>();
  const shows = ({ topic }: Publication) => !hidden.has(topic);
  const screen = { shows, deliver: () => undefined };
  const retained = new Retained({ hub: stage } as unknown as Link, client);
  retained.add("#", { qos: 1, screen });
  assert.equal(retained.next(false, 0), undefined);
  hidden.add("s/1");
  assert.equal(retained.next(true, 0)?.publication.topic, "s/2");
});

Deno.test("MqttSession sends the newest value of a topic that had to wait", () => {
  const space = stored(3, 1);
  const talk = online("b", { space, limits: { maxInflight: 1 } });
  assert.deepEqual(talk.say(subscribe("#")).messages(), ["s/1 v q1 r #1"]);
  const options = { qos: 1, retain: true } as const;
  space.values.set("s/2", new Publication("s/2", bytes("newer"), options));
  assert.deepEqual(talk.say(ack("puback", 1)).messages(), ["s/2 newer q1 r #2"]);
  space.values.delete("s/3");
  assert.deepEqual(talk.say(ack("puback", 2)).messages(), []);
});
