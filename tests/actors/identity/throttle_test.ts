import assert from "node:assert/strict";
import { Nonces } from "../../../actors/identity/nonces.ts";
import { Throttle } from "../../../actors/identity/throttle.ts";
import { Refusal } from "../../../protocols/identity.ts";

function secondsOf(work: () => void): number {
  try {
    work();
    return 0;
  } catch (error) {
    assert.ok(error instanceof Refusal);
    assert.equal(error.kind, "unavailable");
    return Number(/in (\d+) s/.exec(error.reason)![1]);
  }
}

Deno.test("Throttle makes an address wait longer with each failure, and forgets", () => {
  let now = 1_000;
  const throttle = new Throttle({}, () => now);
  const tryOnce = () => throttle.attempt("192.0.2.7:1", "ann");
  const waits = [];
  for (let i = 0; i < 14; i++) {
    const seconds = secondsOf(tryOnce().proceed);
    waits.push(seconds);
    now += seconds * 1_000;
    tryOnce().failed();
  }
  assert.deepEqual(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  assert.equal(secondsOf(throttle.attempt("192.0.2.8:1", "bob").proceed), 0);
  now += 600_000;
  assert.equal(secondsOf(tryOnce().proceed), 0);
});

Deno.test("Throttle counts a user from all addresses, and an IPv6 network as one address", () => {
  const throttle = new Throttle({}, () => 1_000);
  for (let i = 0; i < 20; i++) throttle.attempt(`192.0.2.${i}:1`, "ann").failed();
  assert.equal(secondsOf(throttle.attempt("192.0.2.99:1", "ann").proceed), 1);
  assert.equal(secondsOf(throttle.attempt("192.0.2.99:1", "bob").proceed), 0);
  for (let i = 0; i < 5; i++) throttle.attempt(`[2001:db8::${i}:1]:${i}`, undefined).failed();
  assert.notEqual(throttle.faultOf("[2001:db8:0:0:ffff::]:9"), undefined);
  assert.equal(throttle.faultOf("[2001:db8:0:1::]:9"), undefined);
});

Deno.test("Throttle remembers a bounded number, and counts an attempt once", () => {
  const throttle = new Throttle({ maxRemembered: 10, freePerAddress: 1 }, () => 1_000);
  for (let i = 0; i < 100; i++) throttle.attempt(`192.0.2.${i}:1`, undefined).failed();
  assert.equal(throttle.faultOf("192.0.2.1:1"), undefined);
  assert.notEqual(throttle.faultOf("192.0.2.99:1"), undefined);
  const attempt = new Throttle({ freePerAddress: 2 }, () => 1_000).attempt(
    "192.0.2.1:1",
    undefined,
  );
  attempt.failed();
  attempt.failed();
  assert.equal(secondsOf(attempt.proceed), 0);
});

Deno.test("Throttle says who failed, once for each attempt", () => {
  const said: unknown[] = [];
  const throttle = new Throttle({}, () => 1_000, (...failure) => said.push(failure));
  throttle.attempt("192.0.2.1:1", "ann").proceed();
  for (const user of ["ann", undefined]) {
    const attempt = throttle.attempt("192.0.2.1:2", user);
    attempt.failed();
    attempt.failed();
  }
  assert.deepEqual(said, [["192.0.2.1:2", "ann"], ["192.0.2.1:2", undefined]]);
});

Deno.test("Nonces take each count once, within a window, and age", () => {
  let now = 1_000;
  const nonces = new Nonces({}, () => now), nonce = nonces.make();
  const use = (count: number) => nonces.use(nonce, count);
  assert.deepEqual([1, 1, 3, 2, 2, 40, 9, 8, 39].map(use), [
    "fresh",
    "stale",
    "fresh",
    "fresh",
    "stale",
    "fresh",
    "fresh",
    "stale",
    "fresh",
  ]);
  assert.equal(use(0), "stale");
  assert.equal(nonces.use(nonce.replace(/.$/, (last) => last === "0" ? "1" : "0"), 50), "foreign");
  assert.equal(new Nonces({}, () => now).use(nonce, 50), "foreign");
  now += 300_001;
  assert.equal(use(50), "stale");
});

Deno.test("Nonces that are forgotten cannot be used again", () => {
  let now = 1_000;
  const nonces = new Nonces({ maxRemembered: 2 }, () => now++);
  const all = [nonces.make(), nonces.make(), nonces.make()];
  assert.deepEqual(all.map((each) => nonces.use(each, 1)), ["fresh", "fresh", "fresh"]);
  assert.deepEqual(all.map((each) => nonces.use(each, 1)), ["stale", "stale", "stale"]);
});
