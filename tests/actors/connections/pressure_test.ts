import assert from "node:assert/strict";
import { Pressure } from "../../../actors/connections/pressure.ts";
import type { Gate } from "../../../protocols/session.ts";

function publisher() {
  const gates = new Set<Gate>();
  return {
    gates,
    hold: (gate: Gate) => void gates.add(gate),
    release: (gate: Gate) => void gates.delete(gate),
  };
}

const behind = { behind: true, drained: false };
const between = { behind: false, drained: false };
const drained = { behind: false, drained: true };

Deno.test("Publishers wait while a receiver is behind, and go on when it is not", () => {
  const pressure = new Pressure(250);
  const one = publisher();
  pressure.update(behind, 0);
  one.hold(pressure);
  pressure.wait(one);
  pressure.update(behind, 100);
  assert.equal(one.gates.size, 1);
  pressure.update(between, 200);
  assert.equal(one.gates.size, 0);
});

Deno.test("After the grace period a receiver is slow, and nobody waits for it", () => {
  const pressure = new Pressure(250);
  const one = publisher();
  assert.equal(pressure.update(behind, 0), undefined);
  assert.equal(pressure.deadline, 250);
  one.hold(pressure);
  pressure.wait(one);
  assert.equal(pressure.update(behind, 250), "slow");
  assert.equal(one.gates.size, 0);
  assert.deepEqual([pressure.slow, pressure.deadline], [true, Infinity]);
});

Deno.test("A slow receiver has caught up once it has drained, not before", () => {
  const pressure = new Pressure(250);
  pressure.update(behind, 0);
  pressure.update(behind, 260);
  assert.equal(pressure.update(between, 400), undefined);
  assert.equal(pressure.slow, true);
  assert.equal(pressure.update(drained, 500), "caught up");
  assert.equal(pressure.slow, false);
});

Deno.test("A receiver that was behind twice has a grace period each time", () => {
  const pressure = new Pressure(250);
  pressure.update(behind, 0);
  pressure.update(drained, 200);
  pressure.update(behind, 240);
  assert.equal(pressure.update(behind, 260), undefined);
  assert.equal(pressure.update(behind, 490), "slow");
});

Deno.test("A receiver has its grace period again when we stood still ourselves", () => {
  const pressure = new Pressure(250);
  pressure.update(behind, 0);
  assert.equal(pressure.update(behind, 900), undefined);
  assert.deepEqual([pressure.slow, pressure.deadline], [false, 1150]);
  assert.equal(pressure.update(behind, 1150), "slow");
});
