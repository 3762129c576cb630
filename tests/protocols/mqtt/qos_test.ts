import assert from "node:assert/strict";
import { Broker } from "../../../protocols/mqtt/broker/broker.ts";
import type { MqttLimits } from "../../../protocols/mqtt/limits.ts";
import { FakeSpace } from "../fakes.ts";
import {
  ack,
  connect,
  disconnect,
  online,
  publish,
  shown,
  subscribe,
  Talk,
  unsubscribe,
} from "./talk.ts";

/** A publisher, and a subscriber whose session stays. */
function pair(limits: Partial<MqttLimits> = {}): { space: FakeSpace; from: Talk; to: Talk } {
  const space = new FakeSpace();
  const from = online("from", { space });
  const to = online("to", { space, limits, clean: false });
  to.say(subscribe("t")).hear();
  return { space, from, to };
}

function send(from: Talk, qos: 0 | 1 | 2, ...payloads: string[]): void {
  for (const payload of payloads) {
    from.say(publish("t", payload, { qos, packetId: qos > 0 ? 1 : 0 }));
    if (qos === 2) from.say(ack("pubrel", 1));
  }
}

/** The subscriber comes back. */
function back(space: FakeSpace, limits: Partial<MqttLimits> = {}): Talk {
  return new Talk({ space, limits }).say(connect({ clientId: "to", clean: false }));
}

Deno.test("MqttSession sends a message of QoS 2 in four steps", () => {
  const { space, from, to } = pair();
  send(from, 2, "x");
  assert.deepEqual(to.messages(), ["t x q2 #1"]);
  assert.deepEqual(to.say(ack("pubrec", 1)).hear(), [ack("pubrel", 1)]);
  assert.deepEqual(to.say(ack("pubrec", 1)).hear(), [ack("pubrel", 1)]);
  assert.deepEqual(to.say(ack("pubcomp", 1)).hear(), []);
  to.stage.end();
  assert.deepEqual(back(space).hear().map(shown), ["connack"]);
});

Deno.test("MqttSession sends again in order what a connection left unacknowledged", () => {
  const { space, from, to } = pair();
  send(from, 1, "a");
  send(from, 2, "b", "c");
  send(from, 1, "d");
  assert.deepEqual(to.messages(), ["t a q1 #1", "t b q2 #2", "t c q2 #3", "t d q1 #4"]);
  to.say(ack("pubrec", 3), ack("puback", 4)).hear();
  to.stage.end();
  const again = back(space);
  const expected = ["connack", "t a q1 dup #1", "t b q2 dup #2", "pubrel 3"];
  assert.deepEqual(again.hear().map(shown), expected);
  again.say(ack("puback", 1), ack("pubrec", 2), ack("pubcomp", 2), ack("pubcomp", 3)).hear();
  again.stage.end();
  assert.deepEqual(back(space).hear().map(shown), ["connack"]);
});

Deno.test("MqttSession says whether it found a session", () => {
  const space = new FakeSpace();
  const present = (clean: boolean) => {
    const talk = new Talk({ space }).say(connect({ clientId: "to", clean }));
    const [connack] = talk.hear();
    talk.stage.end();
    return connack?.type === "connack" && connack.sessionPresent;
  };
  const answers = [true, true, false, false, true, false].map(present);
  assert.deepEqual(answers, [false, false, false, true, false, false]);
});

Deno.test("MqttSession delivers what was published while the client was away", () => {
  const { space, from, to } = pair();
  to.say(disconnect());
  send(from, 1, "a", "b");
  send(from, 0, "lost");
  send(from, 2, "c");
  from.hear();
  const again = back(space);
  assert.deepEqual(again.hear().map(shown), ["connack", "t a q1 #1", "t b q1 #2", "t c q2 #3"]);
});

Deno.test("MqttSession forgets subscriptions and messages when a clean client comes", () => {
  const { space, from, to } = pair();
  to.stage.end();
  send(from, 1, "a");
  online("to", { space, clean: true }).stage.end();
  send(from, 1, "b");
  assert.deepEqual(back(space).hear().map(shown), ["connack"]);
});

Deno.test("MqttSession keeps to its window and sends the rest as acknowledgements come", () => {
  const { from, to } = pair({ maxInflight: 2 });
  send(from, 1, "a", "b", "c", "d");
  send(from, 0, "now");
  assert.deepEqual(to.messages(), ["t a q1 #1", "t b q1 #2", "t now q0"]);
  to.say(ack("puback", 2));
  assert.deepEqual(to.messages(), ["t c q1 #3"]);
  to.say(ack("puback", 1), ack("puback", 3));
  assert.deepEqual(to.messages(), ["t d q1 #4"]);
});

Deno.test("MqttSession keeps to its window when it sends again", () => {
  const { space, from, to } = pair();
  send(from, 1, "a", "b", "c");
  to.hear();
  to.stage.end();
  send(from, 1, "d");
  const again = back(space, { maxInflight: 2 });
  assert.deepEqual(again.messages(), ["t a q1 dup #1", "t b q1 dup #2"]);
  again.say(ack("puback", 3), ack("puback", 1));
  assert.deepEqual(again.messages(), ["t d q1 #4"]);
});

Deno.test("MqttSession waits while the wire is full, and goes on when it has drained", () => {
  const { from, to } = pair();
  to.stage.full = true;
  send(from, 1, "a", "b");
  assert.deepEqual(to.messages(), []);
  to.stage.full = false;
  to.stage.session.drained!(0);
  assert.deepEqual(to.messages(), ["t a q1 #1", "t b q1 #2"]);
});

Deno.test("MqttSession is congested while half of its queue is taken", () => {
  const { from, to } = pair({ maxInflight: 1, maxQueuedMessages: 4 });
  const { session } = to.stage;
  send(from, 1, "sent", "1", "2");
  to.hear();
  assert.equal(session.congested, false);
  send(from, 1, "3");
  to.hear();
  assert.equal(session.congested, true);
  to.say(ack("puback", 1)).hear();
  assert.equal(session.congested, false);
});

Deno.test("MqttSession hangs up when its queue overflows where the policy says so, and keeps what it has", () => {
  const { space, from, to } = pair({
    maxInflight: 1,
    maxQueuedMessages: 2,
    queuePolicy: "disconnect",
  });
  send(from, 1, "a", "b", "c", "d");
  assert.deepEqual(to.messages(), ["t a q1 #1"]);
  assert.ok(to.stage.closed);
  space.shared(Broker).tick(0, to.stage);
  assert.equal(space.counts.get("mqtt.dropped"), 1);
  to.stage.end();
  assert.deepEqual(back(space).messages(), ["t a q1 dup #1", "t b q1 #2", "t c q1 #3"]);
});

Deno.test("MqttSession tells the publisher when the queue of an absent client is full", () => {
  for (
    const limits of [{ maxQueuedMessages: 1 }, { maxQueuedBytes: 300 }, {
      maxTotalQueuedBytes: 300,
    }]
  ) {
    const { space, from, to } = pair(limits);
    to.stage.end();
    send(from, 1, "a");
    assert.deepEqual(from.hear(), [ack("puback", 1)]);
    send(from, 1, "b");
    assert.deepEqual(from.hear(), []);
    assert.ok(from.stage.closed);
    assert.deepEqual(back(space).messages(), ["t a q1 #1"]);
  }
});

Deno.test("MqttSession keeps mail that came too late for its connection", () => {
  const { space, from, to } = pair();
  send(from, 1, "a");
  to.stage.close();
  send(from, 2, "b");
  to.stage.end();
  assert.deepEqual(back(space).messages(), ["t a q1 dup #1", "t b q2 dup #2"]);
});

Deno.test("MqttSession keeps mail that comes after DISCONNECT", () => {
  const { space, from, to } = pair();
  send(from, 1, "a");
  to.stage.session.receive(Uint8Array.of(0xe0, 0), 0);
  to.stage.end();
  assert.deepEqual(back(space).messages(), ["t a q1 #1"]);
});

Deno.test("MqttSession refuses an acknowledgement of another QoS", () => {
  for (const [qos, type] of [[1, "pubrec"], [1, "pubcomp"], [2, "puback"]] as const) {
    const { from, to } = pair();
    send(from, qos, "a");
    to.hear();
    assert.ok(to.say(ack(type, 1)).stage.closed);
  }
});

Deno.test("MqttSession passes over acknowledgements of nothing", () => {
  const { to } = pair();
  to.say(ack("puback", 9), ack("pubcomp", 9), ack("pubrec", 9));
  assert.deepEqual(to.hear(), [ack("pubrel", 9)]);
});

Deno.test("MqttSession still sends what was queued before UNSUBSCRIBE", () => {
  const { from, to } = pair({ maxInflight: 1 });
  send(from, 1, "a", "b");
  to.hear();
  to.say(unsubscribe("t")).hear();
  to.say(ack("puback", 1));
  assert.deepEqual(to.messages(), ["t b q1 #2"]);
});

Deno.test("MqttSession sends again what was in flight in any number", () => {
  const { space, from, to } = pair();
  const payloads = Array.from({ length: 600 }, (_, index) => `${index}`);
  send(from, 1, ...payloads);
  from.hear();
  to.hear();
  to.stage.end();
  const again = back(space).messages();
  assert.deepEqual(again, payloads.map((payload, index) => `t ${payload} q1 dup #${index + 1}`));
});

Deno.test("MqttSession gives no more identifiers than there are to a client that releases none", () => {
  const limits = { maxInflight: 60_000, maxQueuedMessages: 70_000, maxQueuedBytes: 32 << 20 };
  const { space, from, to } = pair(limits);
  const count = 66_000, own: number[] = [];
  const take = (talk: Talk) => {
    for (let packets = talk.hear(); packets.length > 0; packets = talk.hear()) {
      for (const packet of packets) {
        if (packet.type !== "publish") continue;
        own.push(packet.packetId);
        talk.say(ack("pubrec", packet.packetId));
      }
    }
  };
  to.stage.end();
  for (let sent = 0; sent < count; sent++) send(from, 2, "x");
  for (let round = 0; round < 2; round++) {
    const talk = back(space, limits);
    take(talk);
    talk.stage.end();
  }
  assert.equal(new Set(own).size, own.length);
  assert.equal(own.length, 65_535);
  const last = back(space, limits);
  last.hear();
  last.say(ack("pubcomp", 7));
  assert.deepEqual(last.messages(), ["t x q2 #7"]);
});
