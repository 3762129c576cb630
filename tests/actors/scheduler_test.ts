import assert from "node:assert/strict";
import type { Ref } from "../../actors/actor.ts";
import { crowded, flushLater, schedule } from "../../actors/scheduler.ts";
import { Supervisor } from "../../actors/supervisor.ts";
import { settle } from "./fakes.ts";

Deno.test("schedule() runs turns in order, after the current one", async () => {
  const seen: string[] = [];
  const turn = (name: string, next?: () => void) => ({
    run: () => {
      seen.push(name);
      next?.();
    },
  });
  schedule(turn("first", () => schedule(turn("third"))));
  schedule(turn("second"));
  assert.deepEqual(seen, []);
  await settle();
  assert.deepEqual(seen, ["first", "second", "third"]);
});

Deno.test("Two actors that answer each other for ever do not starve a timer", {
  sanitizeOps: true,
  sanitizeResources: true,
}, async () => {
  const supervisor = new Supervisor("test");
  let chatting = true;
  let messages = 0;
  const answer = (other: () => Ref<number>) => () => ({
    receive() {
      messages++;
      if (chatting) other().tell(1);
    },
  });
  const left: Ref<number> = supervisor.spawn("left", answer(() => right));
  const right: Ref<number> = supervisor.spawn("right", answer(() => left));
  left.tell(1);
  // Without a budget none of these comes to its end.
  for (let timers = 0; timers < 20; timers++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  chatting = false;
  assert.ok(messages > 1000, `only ${messages} messages`);
  await settle();
  supervisor.stop();
});

Deno.test("Turns that take long give the event loop back after a few", async () => {
  let turns = 0, isOver = false;
  const slow = {
    run() {
      turns++;
      for (const end = performance.now() + 1; performance.now() < end;);
      if (!isOver) schedule(slow);
    },
  };
  schedule(slow);
  await new Promise((resolve) => setTimeout(resolve, 1));
  isOver = true;
  assert.ok(turns < 100, `${turns} turns of a millisecond`);
  await settle();
});

/** Turns that take a millisecond each, one after the other. */
function slowTurns(count: number, ended: () => void = () => {}): void {
  schedule({
    run() {
      for (const end = performance.now() + 1; performance.now() < end;);
      if (count > 1) slowTurns(count - 1, ended);
      else ended();
    },
  });
}

Deno.test("Whoever has read something waits for those whose turn a pause has put off", async () => {
  const seen: string[] = [];
  assert.equal(crowded(), undefined);
  slowTurns(10, () => seen.push("turns"));
  flushLater({ flush: () => void seen.push("flush") });
  await new Promise((resolve) => setTimeout(resolve, 0));
  const crowd = crowded();
  assert.ok(crowd !== undefined);
  await crowd;
  assert.deepEqual(seen, ["turns", "flush"]);
  assert.equal(crowded(), undefined);
});

Deno.test("Turns without an end keep neither readers nor writers waiting for ever", async () => {
  let isOver = false, flushes = 0;
  const endless = () => slowTurns(100, () => isOver || endless());
  endless();
  flushLater({ flush: () => void flushes++ });
  await new Promise((resolve) => setTimeout(resolve, 0));
  await crowded();
  assert.equal(flushes, 1);
  isOver = true;
  while (crowded() !== undefined) await crowded();
});

Deno.test("flushLater() waits until no turn is left, and flushes the newest first", async () => {
  const seen: string[] = [];
  const flushing = (name: string) => ({ flush: () => void seen.push(name) });
  flushLater(flushing("publisher"));
  schedule({
    run: () => {
      seen.push("turn");
      flushLater(flushing("subscriber"));
      schedule({ run: () => void seen.push("second turn") });
    },
  });
  await settle();
  assert.deepEqual(seen, ["turn", "second turn", "subscriber", "publisher"]);
});

Deno.test("A flush that throws keeps nobody else from theirs", async () => {
  const seen: string[] = [];
  const reported: unknown[] = [];
  const report = (event: ErrorEvent) => {
    event.preventDefault();
    reported.push(event.error.message);
  };
  globalThis.addEventListener("error", report);
  flushLater({ flush: () => void seen.push("last") });
  flushLater({
    flush() {
      throw new Error("boom");
    },
  });
  await settle();
  globalThis.removeEventListener("error", report);
  assert.deepEqual([seen, reported], [["last"], ["boom"]]);
});
