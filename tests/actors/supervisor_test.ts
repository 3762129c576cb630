import assert from "node:assert/strict";
import type { Behaviour } from "../../actors/actor.ts";
import { Supervisor, type SupervisorOptions } from "../../actors/supervisor.ts";
import { FakeClock, settle } from "./fakes.ts";

/** Adds up what it is told; a negative number crashes it. */
function counter(seen: number[]): Behaviour<number> {
  return () => {
    let total = 0;
    return {
      receive(n) {
        if (n < 0) throw new Error(`cannot add ${n}`);
        seen.push(total += n);
      },
    };
  };
}

/** Three children that write down when they start and stop, below one supervisor. */
function family(options: SupervisorOptions) {
  const log: string[] = [];
  const supervisor = new Supervisor("test", options);
  const refs = ["a", "b", "c"].map((name) =>
    supervisor.spawn<string>(name, () => {
      log.push(`+${name}`);
      return {
        receive(message) {
          if (message === "boom") throw new Error("boom");
          log.push(`${name}:${message}`);
        },
        stopped: () => log.push(`-${name}`),
      };
    }, { restart: "crash" })
  );
  log.length = 0;
  return { log, supervisor, refs };
}

Deno.test("Supervisor restarts a crashed child with fresh state under the same ref", async () => {
  const seen: number[] = [];
  const ref = new Supervisor("test").spawn("a", counter(seen), { restart: "crash" });
  for (const n of [1, 2, -1, 5]) ref.tell(n);
  await settle();
  assert.deepEqual(seen, [1, 3, 5]);
});

Deno.test("Supervisor does not restart a child that is to live once", async () => {
  const supervisor = new Supervisor("test");
  const ref = supervisor.spawn("a", counter([]));
  ref.tell(-1);
  await settle();
  assert.equal(supervisor.size, 0);
  assert.equal(ref.tell(1), false);
});

Deno.test("one-for-one restarts the crashed child and leaves its siblings alone", async () => {
  const { log, refs } = family({ strategy: "one-for-one" });
  refs[1]!.tell("boom");
  await settle();
  assert.deepEqual(log, ["-b", "+b"]);
});

Deno.test("one-for-all restarts everyone, stopping newest first and starting oldest first", async () => {
  const { log, refs } = family({ strategy: "one-for-all" });
  refs[1]!.tell("boom");
  await settle();
  assert.deepEqual(log, ["-b", "-c", "-a", "+a", "+b", "+c"]);
  refs[2]!.tell("1");
  await settle();
  assert.equal(log.at(-1), "c:1");
});

Deno.test("rest-for-one restarts the crashed child and those started after it", async () => {
  const { log, refs } = family({ strategy: "rest-for-one" });
  refs[1]!.tell("boom");
  await settle();
  assert.deepEqual(log, ["-b", "-c", "+b", "+c"]);
});

Deno.test("Supervisor stops its children newest first, and starts none again", async () => {
  const { log, supervisor, refs } = family({});
  supervisor.stop();
  assert.deepEqual(log, ["-c", "-b", "-a"]);
  assert.equal(refs[0]!.tell("1"), false);
  assert.throws(() => supervisor.spawn("d", counter([])), /Cannot start "d": its supervisor has/);
  await settle();
  assert.equal(supervisor.size, 0);
});

Deno.test("Supervisor gives up after too many crashes in its window and escalates", async () => {
  const clock = new FakeClock();
  const escalated: unknown[] = [];
  const { refs, supervisor } = family({
    clock,
    maxRestarts: 2,
    windowMs: 1000,
    escalate: (error) => escalated.push(error),
  });
  for (let i = 0; i < 2; i++) refs[0]!.tell("boom");
  await settle();
  // The window has passed: two more are tolerated.
  await clock.move(1001);
  for (let i = 0; i < 2; i++) refs[0]!.tell("boom");
  await settle();
  assert.deepEqual([supervisor.size, escalated.length], [3, 0]);
  refs[0]!.tell("boom");
  await settle();
  assert.equal(supervisor.size, 0);
  assert.equal((escalated[0] as Error).message, "boom");
});

Deno.test("Supervisor waits longer before each restart, keeping the mail meanwhile", async () => {
  const clock = new FakeClock();
  const { log, refs } = family({ clock, maxRestarts: 9, backoff: { minMs: 100, maxMs: 250 } });
  const waits: number[] = [];
  for (let round = 0; round < 3; round++) {
    log.length = 0;
    refs[0]!.tell("boom");
    await settle();
    assert.equal(refs[0]!.tell("later"), true);
    let waited = 0;
    while (!log.includes("+a")) {
      await clock.move(50);
      waited += 50;
    }
    waits.push(waited);
    assert.deepEqual(log, ["-a", "+a", "a:later"]);
  }
  assert.deepEqual(waits, [100, 200, 250]);
});

Deno.test("A supervisor that gives up is restarted by the one above it", async () => {
  let started = 0;
  const top = new Supervisor("top");
  let tell: (n: number) => boolean = () => false;
  const below = top.supervise("below", { maxRestarts: 0 }, (supervisor) => {
    started++;
    const ref = supervisor.spawn("a", counter([]), { restart: "crash" });
    tell = (n) => ref.tell(n);
  });
  tell(-1);
  await settle();
  assert.equal(started, 2);
  assert.equal(below.size, 1);
  assert.equal(top.tree()[0]!.restarts, 1);
  assert.equal(top.tree()[0]!.lastCrash?.message, "cannot add -1");
});

Deno.test("A child that cannot be built again and again ends in escalation, not in a loop", () => {
  let built = 0;
  let escalated = 0;
  const supervisor = new Supervisor("test", { maxRestarts: 3, escalate: () => escalated++ });
  supervisor.spawn("a", () => {
    built++;
    throw new Error("cannot be built");
  }, { restart: "crash" });
  assert.deepEqual([built, escalated, supervisor.size], [4, 1, 0]);
});

Deno.test("A late answer to a crashed life does not reach the restarted one", async () => {
  let late = () => {};
  let ran = 0;
  let lives = 0;
  const supervisor = new Supervisor("test");
  const ref = supervisor.spawn<number>("a", (self) => {
    if (++lives === 1) late = () => self.turn(() => ran++);
    return {
      receive() {
        throw new Error("boom");
      },
    };
  }, { restart: "crash" });
  ref.tell(1);
  await settle();
  late();
  assert.deepEqual([ran, lives, supervisor.size], [0, 2, 1]);
});

Deno.test("The tree tells name, kind, mail, turns, restarts and the last crash", async () => {
  const clock = new FakeClock();
  const supervisor = new Supervisor("test", { clock });
  const ref = supervisor.spawn("a", counter([]), { restart: "crash", kind: "adder", mailbox: 50 });
  for (const n of [1, 2, -3]) ref.tell(n);
  await settle();
  ref.tell(4);
  const [node] = supervisor.tree();
  assert.deepEqual(node, {
    name: "a",
    kind: "adder",
    restarts: 1,
    lastCrash: { message: "cannot add -3", at: clock.now() },
    mailbox: { depth: 1, highWater: 3, capacity: 50 },
    turns: 1,
  });
});

Deno.test("Supervisor refuses a name that is taken", () => {
  const supervisor = new Supervisor("test");
  supervisor.spawn("a", counter([]));
  assert.throws(() => supervisor.spawn("a", counter([])), /Cannot start "a": the name is taken/);
});
