import assert from "node:assert/strict";
import { ACK, Code, CON, Message, NON, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../../protocols/coap/messages/options.ts";
import { Configurations } from "../../../../protocols/coap/pubsub/configurations.ts";
import { bytes, hex } from "../../fakes.ts";
import { brief, FakeDatagrams, request } from "../fake_datagrams.ts";
import { configured, date, named, observe, send, tick, told } from "./pubsub_stage.ts";

function ask(stage: FakeDatagrams, ...args: Parameters<typeof request>): string {
  return brief(stage.ask(request(...args))[0]!);
}

function format(number: number): { options: Option[] } {
  return { options: [new Option(Options.contentFormat, uint(number))] };
}

function acknowledge(stage: FakeDatagrams, { id }: Message): void {
  stage.ask(new Message(ACK, Code.empty, id, hex(""), [], hex("")));
}

Deno.test("a topic is half created until something is published", () => {
  const stage = configured("a");
  assert.equal(ask(stage, Code.get, "/ps/a"), "4.04");
  assert.equal(observe(stage, "/ps/a", 1), "4.04");
  assert.equal(ask(stage, Code.put, "/ps/a", { payload: "1" }), "2.01");
  assert.equal(ask(stage, Code.put, "/ps/a", { payload: "2" }), "2.04");
  assert.equal(ask(stage, Code.get, "/ps/a"), "2.05 2");
  assert.equal(observe(stage, "/ps/a", 1), "2.05 2 observed");
  stage.tell("a", "3");
  assert.deepEqual(stage.take().map(brief), ["NON 2.05 3"]);
});

Deno.test("a topic is half created again when its data is deleted", () => {
  const stage = configured("a");
  ask(stage, Code.put, "/ps/a", { payload: "1" });
  observe(stage, "/ps/a", 1);
  const said = stage.ask(request(Code.delete, "/ps/a")).map(brief).sort();
  assert.deepEqual(said, ["2.02", "CON 4.04"]);
  assert.equal(ask(stage, Code.get, "/ps/a"), "4.04");
  assert.equal(observe(stage, "/ps/a", 2), "4.04");
  assert.equal(told(send(stage, Code.get, "/pubsub/a"))[0], "2.05");
  assert.equal(ask(stage, Code.put, "/ps/a", { payload: "2" }), "2.01");
});

Deno.test("initialize makes a topic that can be observed at once", () => {
  const stage = configured("a", { 3: 50, 8: bytes("[]") });
  assert.equal(observe(stage, "/ps/a", 1), "2.05 [] observed");
  assert.equal(stage.space.values.get("a")!.contentType, "application/json");
  assert.equal(ask(stage, Code.put, "/ps/a", { payload: "[1]", ...format(50) }), "2.04");
});

Deno.test("initialize leaves alone what a topic holds already", () => {
  const stage = new FakeDatagrams();
  stage.tell("a", "21");
  send(stage, Code.post, "/pubsub", named("a", { 3: 0, 8: bytes("0") }));
  assert.equal(ask(stage, Code.get, "/ps/a"), "2.05 21");
});

Deno.test("a topic takes its own Content-Format alone, and whoever names none means it", () => {
  const stage = configured("a", { 3: 110 });
  assert.equal(ask(stage, Code.put, "/ps/a", { payload: "[]", ...format(50) }), "4.15");
  assert.equal(ask(stage, Code.post, "/topics/a", { payload: "[]", ...format(50) }), "4.15");
  assert.equal(ask(stage, Code.put, "/ps/a", { payload: "[]", ...format(110) }), "2.01");
  assert.equal(ask(stage, Code.put, "/ps/a", { payload: "[1]" }), "2.04");
  assert.equal(stage.space.values.get("a")!.contentType, "application/senml+json");
});

Deno.test("max-subscribers bounds who observes, through whatever socket and path", () => {
  const stage = configured("a", { 6: 2 }), other = new FakeDatagrams({}, stage.space);
  stage.tell("a", "1");
  assert.equal(observe(stage, "/ps/a", 1), "2.05 1 observed");
  assert.equal(observe(other, "/topics/a", 1), "2.05 1 observed");
  assert.equal(observe(stage, "/ps/a", 2), "2.05 1");
  assert.equal(observe(stage, "/topics/a", 2), "2.05 1");
  // The same again is the same observation.
  assert.equal(observe(stage, "/ps/a", 1), "2.05 1 observed");
  const leave = [new Option(Options.observe, uint(1))];
  stage.ask(request(Code.get, "/ps/a", { token: Uint8Array.of(1), options: leave }));
  assert.equal(observe(stage, "/ps/a", 2), "2.05 1 observed");
});

Deno.test("who came last leaves first when max-subscribers is lowered", () => {
  const stage = configured("a"), other = new FakeDatagrams({}, stage.space);
  stage.tell("a", "1");
  observe(stage, "/ps/a", 1);
  observe(other, "/ps/a", 2);
  observe(stage, "/ps/a", 3);
  other.take();
  assert.equal(told(send(stage, Code.ipatch, "/pubsub/a", { 6: 1 }))[0], "2.04");
  other.turn();
  assert.deepEqual(other.take().map(brief), ["CON 4.04"]);
  assert.equal(stage.session.load.observers, 1);
  stage.tell("a", "2");
  assert.deepEqual(stage.take().map(({ token }) => [...token]), [[1]]);
});

Deno.test("a deleted topic takes its data and observers with it", () => {
  const stage = configured("a"), other = new FakeDatagrams({}, stage.space);
  stage.tell("a", "1");
  observe(stage, "/ps/a", 1);
  observe(other, "/topics/a", 2);
  const said = stage.ask(request(Code.delete, "/pubsub/a")).map(brief).sort();
  assert.deepEqual(said, ["2.02", "CON 4.04"]);
  other.turn();
  assert.deepEqual(other.take().map(brief), ["CON 4.04"]);
  assert.equal(stage.space.values.size, 0);
  assert.equal(ask(stage, Code.get, "/pubsub/a"), "4.04");
  assert.deepEqual([stage.session.load.observers, other.session.load.observers], [0, 0]);
  // A topic without configuration is one like all others.
  assert.equal(observe(stage, "/ps/a", 1), "2.05 observed");
});

Deno.test("a topic ends at its expiration date", () => {
  const stage = configured("a", { 5: date(1060) });
  stage.tell("a", "1");
  tick(stage);
  observe(stage, "/ps/a", 1);
  stage.wait(59_999);
  tick(stage);
  assert.match(ask(stage, Code.get, "/pubsub/a"), /^2\.05/);
  stage.wait(1);
  // Nobody has looked at the clock yet, and still it is over.
  assert.equal(ask(stage, Code.get, "/pubsub/a"), "4.04");
  tick(stage);
  assert.deepEqual(stage.take().map(brief), ["CON 4.04"]);
  assert.equal(stage.space.values.size, 0);
});

Deno.test("a topic that has ended is deleted when the store takes that", () => {
  const stage = configured("a", { 5: date(1060) });
  stage.tell("a", "1");
  tick(stage);
  stage.wait(60_000);
  stage.space.outcome = "overloaded";
  tick(stage);
  assert.equal(ask(stage, Code.get, "/pubsub/a"), "4.04");
  assert.equal(stage.space.values.size, 2);
  stage.space.outcome = undefined;
  stage.wait(9_999);
  tick(stage);
  assert.equal(stage.space.values.size, 2);
  stage.wait(1);
  tick(stage);
  assert.equal(stage.space.values.size, 0);
});

Deno.test("an expiration date can be moved", () => {
  const stage = configured("a", { 5: date(1060) });
  tick(stage);
  assert.equal(told(send(stage, Code.ipatch, "/pubsub/a", { 5: date(1200) }))[0], "2.04");
  stage.wait(100_000);
  tick(stage);
  assert.equal(told(send(stage, Code.get, "/pubsub/a"))[0], "2.05");
  send(stage, Code.post, "/pubsub/a", {});
  stage.wait(1_000_000);
  tick(stage);
  assert.equal(told(send(stage, Code.get, "/pubsub/a"))[0], "2.05");
});

Deno.test("a topic that has ended while the gateway was down ends when it is up", () => {
  const before = configured("a", { 5: date(1060) });
  before.tell("a", "1");
  const after = new FakeDatagrams();
  for (const value of before.space.values.values()) after.space.publish(value);
  after.now = 2_000_000;
  tick(after);
  assert.equal(after.space.values.size, 0);
  assert.equal(after.shared(Configurations).deadline, Infinity);
});

Deno.test("nothing is kept for topics whose configuration others have cleared", () => {
  const stage = new FakeDatagrams(), configurations = stage.shared(Configurations);
  tick(stage);
  for (let number = 0; number < 1000; number++) {
    send(stage, Code.post, "/pubsub", named(`${number}`, { 5: date(2_000_000) }));
    stage.tell(`$pubsub/${number}`, "");
  }
  assert.equal(configurations.deadline, 2_000_000_000);
  send(stage, Code.post, "/pubsub", named("last", { 5: date(3_000_000) }));
  // At the next tick they are all looked at.
  assert.equal(configurations.deadline, 0);
  tick(stage);
  assert.equal(configurations.deadline, 3_000_000_000);
});

/** Milliseconds from now until something confirmable is sent. */
function untilAsked(stage: FakeDatagrams, mostMs: number): number | undefined {
  const begin = stage.now;
  stage.take();
  while (stage.now < begin + mostMs) {
    stage.wait(1000);
    const [message] = stage.take();
    if (message?.type === CON) {
      acknowledge(stage, message);
      return stage.now - begin;
    }
  }
  return undefined;
}

Deno.test("observer-check is the longest time between two notifications that ask", () => {
  const stage = configured("a", { 7: 20 });
  stage.tell("a", "1");
  observe(stage, "/ps/a", 1);
  assert.equal(untilAsked(stage, 60_000), 20_000);
  assert.equal(untilAsked(stage, 60_000), 20_000);
  for (const [seconds, asked] of [[5, 5_000], [40, 40_000], [200_000, 86_400_000]] as const) {
    assert.equal(told(send(stage, Code.ipatch, "/pubsub/a", { 7: seconds }))[0], "2.04");
    assert.equal(untilAsked(stage, 90_000_000), asked);
  }
});

Deno.test("a notification asks when it is time for observer-check", () => {
  const stage = configured("a", { 7: 10 });
  stage.tell("a", "1");
  observe(stage, "/ps/a", 1);
  stage.now += 9_000;
  stage.tell("a", "2");
  stage.now += 1_000;
  stage.tell("a", "3");
  assert.deepEqual(stage.take().map(({ type }) => type), [NON, CON]);
});

Deno.test("an observer that does not answer observer-check is forgotten", () => {
  const stage = configured("a", { 7: 10 });
  stage.tell("a", "1");
  observe(stage, "/ps/a", 1);
  stage.wait(200_000);
  const { observers, timers } = stage.session.load;
  assert.deepEqual([observers, timers], [0, 0]);
  assert.equal(stage.space.subscriptions.size, 0);
});
