import assert from "node:assert/strict";
import { connectionDefaults } from "../../../actors/connections/connection_options.ts";
import { Lingering } from "../../../actors/connections/lingering.ts";

const limits = { ...connectionDefaults, lingerMs: 2_000, maxLingerMs: 5_000 };

Deno.test("Lingering waits for a silent peer for lingerMs", () => {
  assert.equal(new Lingering(limits, 1_000).goneBy, 3_000);
});

Deno.test("Lingering waits longer for an upload, but not for a trickle", () => {
  const lingering = new Lingering(limits, 0);
  assert.equal(lingering.heard(1_023, 1_000), 2_000);
  assert.equal(lingering.heard(1_024, 1_000), 3_000);
  assert.equal(lingering.goneBy, 3_000);
});

Deno.test("Lingering waits for no upload longer than maxLingerMs", () => {
  const lingering = new Lingering(limits, 0);
  assert.equal(lingering.heard(65_536, 2_999), 4_999);
  assert.equal(lingering.heard(65_536, 4_000), 5_000);
});
