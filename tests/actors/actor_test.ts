import assert from "node:assert/strict";
import type { Actor, Behaviour, Exit, Self } from "../../actors/actor.ts";
import { Supervisor } from "../../actors/supervisor.ts";
import { settle } from "./fakes.ts";

/** A behaviour that writes down what happens to it. */
function recorder(log: string[], extra: Partial<Actor<string>> = {}): Behaviour<string> {
  return (self) => {
    self.defer(() => log.push("released"));
    return {
      receive(message) {
        log.push(message);
        if (message === "boom") throw new Error("boom");
        if (message === "stop") self.stop();
      },
      idle: () => log.push("idle"),
      stopped: (exit) => log.push(`stopped: ${exit.kind}`),
      ...extra,
    };
  };
}

Deno.test("An actor reads its mail in order and is idle once, when it has run dry", async () => {
  const log: string[] = [];
  const ref = new Supervisor("test").spawn("a", recorder(log));
  ref.tell("1");
  ref.tell("2");
  await settle();
  assert.deepEqual(log, ["1", "2", "idle"]);
});

Deno.test("An actor that stops itself is told why, and reads no more", async () => {
  const log: string[] = [];
  const supervisor = new Supervisor("test");
  const ref = supervisor.spawn("a", recorder(log));
  for (const message of ["1", "stop", "2"]) ref.tell(message);
  await settle();
  assert.deepEqual(log, ["1", "stop", "stopped: done", "released"]);
  assert.equal(ref.tell("3"), false);
  assert.equal(supervisor.size, 0);
  // "2" was never read, "3" came too late.
  assert.equal(supervisor.deadLetters, 2);
});

Deno.test("An actor that crashes is released, whatever its clean-up does", async () => {
  const log: string[] = [];
  const supervisor = new Supervisor("test");
  const ref = supervisor.spawn(
    "a",
    recorder(log, {
      stopped() {
        throw new Error("cannot clean up");
      },
    }),
  );
  ref.tell("boom");
  await settle();
  assert.deepEqual(log, ["boom", "released"]);
  assert.equal(supervisor.size, 0);
});

Deno.test("A behaviour that throws while it is being built releases what it was given", () => {
  let released = 0;
  const supervisor = new Supervisor("test");
  supervisor.spawn("a", (self) => {
    self.defer(() => released++);
    throw new Error("cannot be built");
  });
  assert.equal(released, 1);
  assert.equal(supervisor.size, 0);
});

Deno.test("An actor can take over mail that it never read", async () => {
  const saved: string[] = [];
  const ref = new Supervisor("test").spawn<string>("a", (self) => ({
    receive: () => self.stop(),
    stopped(_exit, unread) {
      for (let mail = unread.shift(); mail !== undefined; mail = unread.shift()) saved.push(mail);
    },
  }));
  for (const message of ["1", "2", "3"]) ref.tell(message);
  await settle();
  assert.deepEqual(saved, ["2", "3"]);
});

Deno.test("A turn that throws crashes its own actor only", async () => {
  const exits: Exit[] = [];
  let own: Self<string> | undefined;
  const supervisor = new Supervisor("test");
  supervisor.spawn<string>("a", (self) => {
    own = self;
    return { receive() {}, stopped: (exit) => exits.push(exit) };
  });
  const log: string[] = [];
  const neighbour = supervisor.spawn("b", recorder(log));
  own!.turn(() => {
    throw new Error("boom");
  });
  neighbour.tell("1");
  await settle();
  assert.equal(exits.length, 1);
  assert.equal(exits[0]!.kind, "crash");
  assert.deepEqual(log, ["1", "idle"]);
});

Deno.test("A full mailbox answers false and costs nobody else anything", async () => {
  const log: string[] = [];
  const ref = new Supervisor("test").spawn("a", recorder(log), { mailbox: 2 });
  assert.deepEqual([ref.tell("1"), ref.tell("2"), ref.tell("3")], [true, true, false]);
  await settle();
  assert.deepEqual(log, ["1", "2", "idle"]);
});

Deno.test("An actor with much mail lets others have their turn in between", async () => {
  const order: string[] = [];
  const supervisor = new Supervisor("test");
  const busy = supervisor.spawn<number>("busy", () => ({ receive: () => order.push("busy") }), {
    mailbox: 10_000,
  });
  const other = supervisor.spawn<number>("other", () => ({ receive: () => order.push("other") }));
  for (let i = 0; i < 5_000; i++) busy.tell(i);
  other.tell(1);
  await settle();
  assert.ok(order.indexOf("other") < 500, `other came after ${order.indexOf("other")}`);
});

Deno.test("An actor that tells itself something lets others have their turn before that", async () => {
  const log: string[] = [], supervisor = new Supervisor("test");
  const talker = supervisor.spawn<number>("talker", (self) => ({
    receive(count) {
      log.push(`talker ${count}`);
      if (count < 3) self.tell(count + 1);
    },
  }));
  const other = supervisor.spawn<number>("other", (self) => ({
    receive(count) {
      log.push(`other ${count}`);
      if (count < 3) self.tell(count + 1);
    },
  }));
  talker.tell(1);
  other.tell(1);
  await settle();
  assert.deepEqual(log, [1, 2, 3].flatMap((each) => [`talker ${each}`, `other ${each}`]));
});
