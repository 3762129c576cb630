import assert from "node:assert/strict";
import { type Clock, gateway, Log, sqliteStore } from "../../../mod.ts";

const log = new Log({ sink: () => {} });
const DAY_MS = 86_400_000;
const NOON = 1_800_000_000_000;

/** A gateway in whose machine somebody has set the clock. */
function openAt(file: string, now: number) {
  const clock: Clock = { now: () => now, after: () => () => {} };
  return gateway({ log, clock, store: sqliteStore(file) });
}

Deno.test({
  name: "A clock that was set back or ahead while the gateway was down loses no stored value",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
    try {
      const properties = { expirySeconds: 60 };
      {
        await using hub = openAt(file, NOON);
        hub.publish("plain", "1", { retain: true });
        hub.publish("brief", "1", { retain: true, properties });
        await hub.stored();
      }
      {
        await using hub = openAt(file, NOON - DAY_MS);
        assert.equal(hub.retained("plain")?.text(), "1");
        // Its minute has not begun.
        assert.equal(hub.retained("brief")?.text(), "1");
        hub.publish("plain", "2", { retain: true });
        await hub.stored();
      }
      {
        await using hub = openAt(file, NOON);
        // What was written last counts, whatever the clock said.
        assert.equal(hub.retained("plain")?.text(), "2");
        assert.equal(hub.retained("brief")?.text(), "1");
      }
      await using hub = openAt(file, NOON + DAY_MS);
      assert.equal(hub.retained("plain")?.text(), "2");
      assert.equal(hub.retained("brief"), undefined);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
