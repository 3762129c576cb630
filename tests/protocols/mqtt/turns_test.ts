import assert from "node:assert/strict";
import { Broker } from "../../../protocols/mqtt/broker/broker.ts";
import { encode } from "../../../protocols/mqtt/packets/encode.ts";
import type { Subscribe } from "../../../protocols/mqtt/packets/packet.ts";
import type { Properties } from "../../../protocols/mqtt/packets/property.ts";
import { Publication } from "../../../protocols/publication.ts";
import { bytes, FakeSpace } from "../fakes.ts";
import { connect, online, publish, subscribe, Talk } from "./talk.ts";

const PINGREQ = [0xc0, 0];

Deno.test("MqttSession lets others have a turn after 256 packets, and then reads on", () => {
  const { stage } = online("busy");
  const all = Uint8Array.from(Array.from({ length: 600 }, () => PINGREQ).flat());
  const answers = () => stage.take().length / 2;
  let at = stage.session.receive(all, 0);
  assert.equal(at, 512);
  assert.equal(answers(), 256);
  assert.ok(stage.paused, "nothing is read meanwhile");
  assert.equal(stage.session.receive(all.subarray(at), 0), 0);
  stage.turn();
  assert.ok(!stage.paused);
  at += stage.session.receive(all.subarray(at), 0);
  stage.turn();
  at += stage.session.receive(all.subarray(at), 0);
  assert.equal(at, all.length);
  assert.equal(answers(), 600 - 256);
});

Deno.test("MqttSession lets others have a turn after 256 messages that waited, in order", () => {
  const space = new FakeSpace(), limits = { maxInflight: 1_000 };
  const away = online("away", { space, clean: false, limits });
  away.say(subscribe("t")).hear();
  away.stage.end();
  const from = online("from", { space });
  for (let count = 0; count < 600; count++) {
    from.say(publish("t", `${count}`, { qos: 1, packetId: 1 }));
  }
  const back = new Talk({ space, limits });
  back.stage.session.receive(encode(connect({ clientId: "away", clean: false }), 4)!, 0);
  const bytes = back.stage.sent.length;
  assert.ok(bytes <= 257, `${bytes} packets at once`);
  from.say(publish("t", "600", { qos: 1, packetId: 1 }));
  const payloads = back.messages().map((each) => each.split(" ")[1]);
  assert.deepEqual(payloads, Array.from({ length: 601 }, (_, count) => `${count}`));
});

Deno.test("MqttSession goes on at once when nobody can be asked for a turn", () => {
  const { stage } = online("crowded");
  stage.post = () => false;
  const all = Uint8Array.from(Array.from({ length: 600 }, () => PINGREQ).flat());
  assert.equal(stage.session.receive(all, 0), all.length);
  assert.ok(!stage.paused);
});

Deno.test("MqttSession sends nothing more once another connection has taken its session", () => {
  const space = new FakeSpace(), limits = { maxInflight: 1_000 };
  const first = online("away", { space, clean: false, limits });
  first.say(subscribe("t")).hear();
  first.stage.end();
  const from = online("from", { space });
  for (let count = 0; count < 600; count++) {
    from.say(publish("t", `${count}`, { qos: 1, packetId: 1 }));
  }
  const slow = new Talk({ space, limits });
  slow.stage.session.receive(encode(connect({ clientId: "away", clean: false }), 4)!, 0);
  const broker = space.shared(Broker);
  broker.release(broker.clients.get("away")!, { now: 0, hub: slow.stage });
  const next = new Talk({ space, limits }).say(connect({ clientId: "away", clean: false }));
  const payloads = next.messages().map((each) => each.split(" ")[1]);
  assert.deepEqual(payloads, Array.from({ length: 600 }, (_, count) => `${count}`));
  assert.equal(slow.messages().length, 256);
  assert.ok(slow.stage.closed);
});

/** One SUBSCRIBE with all these filters, for QoS 2. */
function subscribeTo(filters: readonly string[], properties?: Properties): Subscribe {
  const first = subscribe(filters[0]!, { properties }) as Subscribe;
  return { ...first, filters: filters.map((filter) => ({ ...first.filters[0]!, filter })) };
}

/** A space in which the only value is found after so many steps in vain. */
function haystack(steps: number): { space: FakeSpace; looks: { taken: number } } {
  const space = new FakeSpace(), looks = { taken: 0 };
  space.search = function* () {
    for (let step = 0; step < steps; step++, looks.taken++) yield undefined;
    yield new Publication("needle", bytes("v"), { retain: true });
  };
  return { space, looks };
}

Deno.test("MqttSession lets others have a turn while it looks for stored messages in vain", () => {
  const { space, looks } = haystack(10_000), talk = online("a", { space });
  talk.stage.session.receive(encode(subscribe("+/+/x"), 4)!, 0);
  assert.ok(looks.taken <= 256, `${looks.taken} steps at once`);
  assert.deepEqual(talk.messages(), ["needle v q0 r"]);
  assert.equal(looks.taken, 10_000);
});

Deno.test("MqttSession looks for what each of many filters selects in turns, not all at once", () => {
  const { space, looks } = haystack(100), talk = online("a", { space });
  const filters = Array.from({ length: 1_000 }, (_, at) => `+/+/${at}`);
  talk.stage.session.receive(encode(subscribeTo(filters), 4)!, 0);
  assert.ok(looks.taken <= 256, `${looks.taken} steps at once`);
  assert.equal(talk.messages().length, 1_000);
});

Deno.test("MqttSession lets others have a turn when the client can take no stored message", () => {
  const space = new FakeSpace();
  let taken = 0;
  space.search = function* () {
    for (; taken < 10_000; taken++) {
      yield new Publication("t", bytes("x".repeat(100)), { retain: true });
    }
  };
  const talk = online("a", { space, version: 5, properties: { maximumPacketSize: 64 } });
  talk.stage.session.receive(encode(subscribe("t"), 5)!, 0);
  assert.ok(taken <= 257, `${taken} at once`);
  assert.deepEqual(talk.messages(), []);
  assert.equal(taken, 10_000);
});

Deno.test("MqttSession looks a past up for each filter in a turn of its own", () => {
  const talk = online("a", { version: 5 }), { stage } = talk;
  let questions = 0;
  stage.history = (filter) => {
    questions++;
    return [
      new Publication(filter, bytes("old")),
      new Publication(filter, bytes("new"), { time: 9 }),
    ];
  };
  const filters = Array.from({ length: 50 }, (_, at) => `t/${at}`);
  const packet = subscribeTo(filters, { userProperties: [["since", "0"]] });
  stage.session.receive(encode(packet, 5)!, 5);
  assert.equal(questions, 1);
  const messages = talk.messages();
  assert.equal(questions, 50);
  // What was published after the subscription has been sent as that.
  assert.deepEqual(messages, filters.map((each) => `${each} old q0`));
});

Deno.test("MqttSession lets others have a turn after few packets that are much work", () => {
  const space = new FakeSpace(), { stage } = online("busy", { space });
  const { publish: route } = space;
  space.publish = (publication) => {
    space.traffic.work += 1_000;
    return route.call(space, publication);
  };
  const one = encode(publish("t", "x"), 4)!, all = new Uint8Array(100 * one.length);
  for (let each = 0; each < 100; each++) all.set(one, each * one.length);
  const at = stage.session.receive(all, 0);
  assert.equal(at, 9 * one.length);
  assert.ok(stage.paused, "nothing is read meanwhile");
  stage.turn();
  // What others did meanwhile is not its own work.
  space.traffic.work += 1_000_000;
  assert.equal(stage.session.receive(all.subarray(at), 0), 9 * one.length);
});
