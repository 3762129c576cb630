import assert from "node:assert/strict";
import { repeat } from "../../actors/repeat.ts";
import { Supervisor } from "../../actors/supervisor.ts";
import { FakeClock } from "./fakes.ts";

/** A supervisor of one actor that counts, and throws when it is told to. */
function counter(clock: FakeClock, work: () => void): Supervisor {
  const supervisor = new Supervisor("test", { clock, maxRestarts: Infinity });
  supervisor.spawn("counter", (self) => {
    repeat(self, { clock, intervalMs: 1_000 }, work);
    return { receive() {} };
  }, { restart: "crash" });
  return supervisor;
}

Deno.test("repeat() runs its work after each interval, and not at once", async () => {
  const clock = new FakeClock();
  let times = 0;
  const supervisor = counter(clock, () => times++);
  assert.equal(times, 0);
  await clock.move(1_000);
  assert.equal(times, 1);
  await clock.move(2_000);
  assert.equal(times, 3);
  supervisor.stop();
});

Deno.test("repeat() ends with the actor's life, and a restart begins anew", async () => {
  const clock = new FakeClock();
  let times = 0;
  const supervisor = counter(clock, () => {
    if (++times === 1) throw new Error("once");
  });
  await clock.move(1_000);
  assert.equal(times, 1);
  await clock.move(1_000);
  assert.equal(times, 2);
  supervisor.stop();
  await clock.move(10_000);
  assert.equal(times, 2);
});
