import assert from "node:assert/strict";
import { main } from "../../examples/crash.ts";

Deno.test({
  name: "The crash: a supervisor starts the actor again, without its sum and with its mail",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const { before, after } = await main();
    assert.deepEqual([before.sum, before.restarts, before.lastCrash], [6, 0, undefined]);
    assert.deepEqual([after.sum, after.restarts], [42, 1]);
    assert.equal(after.lastCrash?.message, "Cannot add NaN: give a number");
  },
});
