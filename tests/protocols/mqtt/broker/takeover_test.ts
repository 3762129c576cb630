import assert from "node:assert/strict";
import { Broker } from "../../../../protocols/mqtt/broker/broker.ts";
import { FakeSpace } from "../../fakes.ts";
import {
  ack,
  disconnect,
  leftovers,
  online,
  ping,
  publish,
  shown,
  subscribe,
  Talk,
} from "../talk.ts";

/** A client that has sent CONNECT for `a` and waits. */
function rival(space: FakeSpace, options: { clean?: boolean; version?: 4 | 5 } = {}): Talk {
  const { clean = false, version = 4 } = options;
  const properties = version === 5 ? { sessionExpiry: 100 } : undefined;
  return new Talk({ space, version }).connect({ clientId: "a", clean, properties });
}

Deno.test("MqttSession gives way to another connection of its client", () => {
  const space = new FakeSpace();
  const old = online("a", { space, version: 5 });
  const next = rival(space);
  assert.deepEqual(next.hear(), []);
  assert.ok(next.stage.paused);
  const goodbye = old.hearOne();
  assert.ok(goodbye.type === "disconnect" && goodbye.reason === 0x8e);
  assert.ok(old.stage.closed);
  assert.deepEqual(next.hear().map(shown), ["connack"]);
  assert.ok(!next.stage.paused);
  old.stage.end();
  assert.deepEqual(next.say(ping).hear().map(shown), ["pingresp"]);
});

Deno.test("MqttSession says nothing to an MQTT 3.1.1 client that is replaced", () => {
  const space = new FakeSpace();
  const old = online("a", { space });
  rival(space);
  assert.deepEqual(old.hear(), []);
  assert.ok(old.stage.closed);
});

Deno.test("MqttSession hands the session over after everything that was queued before", () => {
  const space = new FakeSpace();
  const old = online("a", { space, clean: false });
  old.say(subscribe("t")).hear();
  const from = online("from", { space });
  from.say(publish("t", "1", { qos: 1, packetId: 1 }));
  const next = rival(space);
  from.say(publish("t", "2", { qos: 1, packetId: 2 }));
  assert.deepEqual(old.hear().map(shown), ["t 1 q1 #1"]);
  from.say(publish("t", "3", { qos: 1, packetId: 3 }));
  const expected = ["connack", "t 1 q1 dup #1", "t 2 q1 #2", "t 3 q1 #3"];
  assert.deepEqual(next.hear().map(shown), expected);
});

Deno.test("MqttSession gives nothing of the old session to a clean client", () => {
  const space = new FakeSpace();
  const old = online("a", { space, clean: false });
  old.say(subscribe("t")).hear();
  const from = online("from", { space });
  from.say(publish("t", "1", { qos: 1, packetId: 1 }));
  const next = rival(space, { clean: true });
  from.say(publish("t", "2", { qos: 1, packetId: 2 }));
  old.stage.turn();
  from.say(publish("t", "3", { qos: 1, packetId: 3 }));
  assert.deepEqual(next.hear().map(shown), ["connack"]);
  from.say(publish("t", "4", { qos: 1, packetId: 4 }));
  assert.deepEqual(next.hear(), []);
});

Deno.test("MqttSession uses no input of a client that waits for its session", () => {
  const space = new FakeSpace();
  const old = online("a", { space });
  const next = rival(space).say(publish("t", "x"), ping);
  assert.equal(space.published.length, 0);
  old.stage.turn();
  assert.deepEqual(next.hear().map(shown), ["connack", "pingresp"]);
  assert.equal(space.published.length, 1);
});

Deno.test("MqttSession takes over when the old connection ends without reading its mail", () => {
  const space = new FakeSpace();
  const old = online("a", { space, clean: false });
  const next = rival(space);
  old.stage.session.ended(0);
  const [connack] = next.hear();
  assert.ok(connack?.type === "connack" && connack.sessionPresent);
});

Deno.test("MqttSession takes over from a connection that is gone without a word", () => {
  const space = new FakeSpace();
  const old = online("a", { space, clean: false });
  old.stage.post = () => false;
  assert.deepEqual(rival(space).hear().map(shown), ["connack"]);
});

Deno.test("MqttSession hangs up when its session was taken without its knowing", () => {
  for (const wake of ["input", "mail"]) {
    const space = new FakeSpace();
    const old = online("a", { space, version: 5, properties: { sessionExpiry: 9 } });
    old.say(subscribe("t")).hear();
    const from = online("from", { space });
    if (wake === "mail") from.say(publish("t", "x", { qos: 1, packetId: 1 }));
    old.stage.post = () => false;
    const next = rival(space);
    assert.deepEqual(next.hear().map(shown), ["connack"]);
    if (wake === "input") old.say(publish("u", "x", { qos: 1, packetId: 1 }));
    assert.deepEqual(old.hear().map(shown), ["disconnect"]);
    assert.equal(space.published.length, wake === "mail" ? 1 : 0);
    old.stage.end();
    // What was in its mail is not lost.
    assert.deepEqual(next.messages(), wake === "mail" ? ["t x q1 #1"] : []);
  }
});

Deno.test("MqttSession takes over from a connection that does not react in time", () => {
  const space = new FakeSpace();
  const old = online("a", { space, clean: false });
  const next = rival(space);
  next.stage.wait(10_000);
  assert.deepEqual(next.hear().map(shown), ["connack"]);
  // The old one wakes up and finds that nothing is its own any more.
  assert.deepEqual(old.hear(), []);
  old.stage.end();
  assert.deepEqual(next.say(ping).hear().map(shown), ["pingresp"]);
});

Deno.test("MqttSession lets several connections take over in turn", () => {
  const space = new FakeSpace();
  const old = online("a", { space });
  const rivals = [1, 2, 3].map(() => rival(space, { version: 5 }));
  old.stage.turn();
  assert.deepEqual(rivals.map((each) => each.hear().map(shown)), [
    ["connack", "disconnect"],
    ["connack", "disconnect"],
    ["connack"],
  ]);
  for (const each of rivals) each.stage.end();
  assert.equal(space.shared(Broker).clients.size, 1);
});

Deno.test("MqttSession passes the session on when one that waits for it ends", () => {
  const space = new FakeSpace();
  const old = online("a", { space, clean: false });
  const [first, second] = [rival(space), rival(space)];
  first.stage.end();
  old.stage.turn();
  assert.deepEqual(second.hear().map(shown), ["connack"]);

  const [third, fourth] = [rival(space), rival(space)];
  second.stage.turn();
  // It ends after it was called, but before its turn.
  third.stage.session.ended(0);
  assert.deepEqual(fourth.hear().map(shown), ["connack"]);
});

Deno.test("MqttSession passes over one that waits and cannot be reached", () => {
  const space = new FakeSpace();
  const old = online("a", { space });
  const [first, second] = [rival(space), rival(space)];
  first.stage.post = () => false;
  old.stage.turn();
  assert.deepEqual(second.hear().map(shown), ["connack"]);
});

Deno.test("Broker keeps nothing when all who wanted a session are gone", () => {
  const space = new FakeSpace();
  const old = online("a", { space });
  const next = rival(space);
  old.stage.session.ended(0);
  next.stage.session.ended(0);
  assert.equal(leftovers(space), 0);
});

Deno.test("MqttSession does not disturb a later session of the same name when it ends twice", () => {
  const space = new FakeSpace();
  const old = online("a", { space });
  old.say(disconnect());
  const next = online("a", { space }).say(subscribe("t"));
  next.hear();
  old.stage.end();
  assert.equal(space.shared(Broker).clients.size, 1);
  online("from", { space }).say(publish("t", "x", { qos: 1, packetId: 1 }));
  assert.deepEqual(next.messages(), ["t x q1 #1"]);
  assert.deepEqual(next.say(ack("puback", 1)).hear(), []);
});
