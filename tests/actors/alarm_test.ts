import assert from "node:assert/strict";
import { Alarm, Alarms } from "../../actors/alarm.ts";
import { FakeClock } from "./fakes.ts";

/** An alarm that says when it rings. */
function sleeper(clock: FakeClock, alarms = new Alarms(clock)) {
  const rings: number[] = [];
  const begin = clock.now();
  const alarm = new Alarm(alarms, { ring: () => void rings.push(clock.now() - begin) });
  return { alarm, rings, at: (ms: number) => alarm.set(begin + ms) };
}

Deno.test("An alarm rings at its time, once, and not before", async () => {
  const clock = new FakeClock();
  const { rings, at } = sleeper(clock);
  at(100);
  await clock.move(99);
  assert.deepEqual(rings, []);
  await clock.move(1);
  assert.deepEqual(rings, [100]);
  await clock.move(1_000);
  assert.deepEqual(rings, [100]);
});

Deno.test("A deadline that moves on costs no timer, and the alarm waits for the last", async () => {
  const clock = new FakeClock();
  const { rings, at } = sleeper(clock);
  let timers = 0;
  const { after } = clock;
  clock.after = (...args) => {
    timers++;
    return after.apply(clock, args);
  };
  for (let ms = 100; ms <= 1_000; ms++) at(ms);
  assert.equal(timers, 1);
  await clock.move(999);
  assert.deepEqual([rings, timers], [[], 2]);
  await clock.move(1);
  assert.deepEqual(rings, [1_000]);
});

Deno.test("A deadline can come nearer", async () => {
  const clock = new FakeClock();
  const { rings, at } = sleeper(clock);
  at(1_000);
  at(100);
  await clock.move(100);
  assert.deepEqual(rings, [100]);
  await clock.move(10_000);
  assert.deepEqual(rings, [100]);
});

Deno.test("An alarm for never, or cancelled, does not ring", async () => {
  const clock = new FakeClock(), alarms = new Alarms(clock);
  const [never, cancelled] = [sleeper(clock, alarms), sleeper(clock, alarms)];
  never.at(100);
  never.alarm.set(Infinity);
  cancelled.at(100);
  cancelled.alarm.cancel();
  cancelled.alarm.cancel();
  await clock.move(1_000);
  assert.deepEqual([never.rings, cancelled.rings], [[], []]);
});

Deno.test("An alarm that was cancelled can be set again", async () => {
  const clock = new FakeClock();
  const { alarm, rings, at } = sleeper(clock);
  at(100);
  alarm.cancel();
  at(200);
  await clock.move(200);
  assert.deepEqual(rings, [200]);
});

Deno.test("Alarms share one timer and ring in the order of their deadlines", async () => {
  const clock = new FakeClock(), alarms = new Alarms(clock);
  const order: number[] = [];
  const delays = [500, 20, 300, 1, 40, 999, 40];
  for (const delay of delays) {
    new Alarm(alarms, { ring: () => void order.push(delay) }).set(clock.now() + delay);
  }
  assert.equal(clock.pending, 1);
  await clock.move(1_000);
  assert.deepEqual(order, delays.toSorted((a, b) => a - b));
  assert.equal(clock.pending, 0);
});

Deno.test("Without an alarm there is no timer", () => {
  const clock = new FakeClock(), alarms = new Alarms(clock);
  const two = [sleeper(clock, alarms), sleeper(clock, alarms)];
  for (const { at } of two) at(100);
  for (const { alarm } of two) alarm.cancel();
  assert.equal(clock.pending, 0);
});

Deno.test("An alarm may set itself and others when it rings", async () => {
  const clock = new FakeClock(), alarms = new Alarms(clock);
  const rings: string[] = [];
  const other = new Alarm(alarms, { ring: () => void rings.push("other") });
  const own: Alarm = new Alarm(alarms, {
    ring() {
      rings.push("own");
      if (rings.length < 3) own.set(clock.now() + 10);
      else other.set(clock.now() + 5);
    },
  });
  own.set(clock.now() + 10);
  await clock.move(100);
  assert.deepEqual(rings, ["own", "own", "own", "other"]);
});

Deno.test("A deadline that stays in the past is looked at again later, and holds nobody up", async () => {
  const clock = new FakeClock(), alarms = new Alarms(clock);
  const past = clock.now() + 10;
  let rings = 0;
  const stuck: Alarm = new Alarm(alarms, {
    ring() {
      // Sooner than to hang, the test fails.
      if (++rings < 1_000) stuck.set(past);
    },
  });
  const { rings: others, at } = sleeper(clock, alarms);
  stuck.set(past);
  at(10);
  await clock.move(10);
  assert.deepEqual([rings, others], [1, [10]]);
  await clock.move(5);
  assert.ok(rings >= 2 && rings <= 6, `it rang ${rings} times`);
});

Deno.test("A deadline that has passed already rings as soon as it can", async () => {
  const clock = new FakeClock();
  const { rings, at } = sleeper(clock);
  at(-50);
  await clock.move(0);
  assert.deepEqual(rings, [0]);
});
