import assert from "node:assert/strict";
import { Broker } from "../../../protocols/mqtt/broker.ts";
import { encode } from "../../../protocols/mqtt/encode.ts";
import { FakeSpace } from "../fakes.ts";
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
