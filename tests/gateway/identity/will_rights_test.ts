import assert from "node:assert/strict";
import type { Hooks } from "../../../mod.ts";
import { settle } from "../../actors/fakes.ts";
import { bytes } from "../../protocols/fakes.ts";
import { Lab } from "../lab.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };
const will = { topic: "gone", payload: bytes("w"), qos: 1, retain: true } as const;

/** Hooks that allow to publish until they are told otherwise, at once or later. */
class Rules implements Hooks {
  mayPublish = true;

  constructor(readonly isLate: boolean) {}

  authorize = ({ action }: { action: string }) => {
    const answer = action !== "publish" || this.mayPublish;
    return this.isLate ? Promise.resolve(answer) : answer;
  };
}

for (const isLate of [false, true]) {
  const how = isLate ? "later" : "at once";

  Deno.test(
    `A will is published as long as its client may do that, as hooks answer ${how}`,
    strict,
    async () => {
      await using lab = await Lab.open();
      const rules = new Rules(isLate);
      lab.hub.use(rules);
      for (const mayPublish of [false, true]) {
        rules.mayPublish = true;
        const properties = undefined;
        const client = await lab.mqtt({ clientId: "c", will: { ...will, properties } });
        rules.mayPublish = mayPublish;
        await client.close();
        await settle();
        assert.equal(lab.hub.retained("gone")?.text(), mayPublish ? "w" : undefined);
      }
      assert.equal(lab.hub.counters.get("mqtt.refused"), 1);
      await lab.isQuiet();
    },
  );

  Deno.test(
    `A will that waits is asked about when its time has come, as hooks answer ${how}`,
    strict,
    async () => {
      await using lab = await Lab.open();
      const rules = new Rules(isLate);
      lab.hub.use(rules);
      const properties = { willDelay: 10 }, stays = { sessionExpiry: 100 };
      for (const clientId of ["a", "b"]) {
        rules.mayPublish = true;
        const waits = { ...will, topic: clientId, properties };
        const client = await lab.mqtt({ clientId, version: 5, will: waits, properties: stays });
        await client.close();
        await lab.clock.move(5_000);
        rules.mayPublish = clientId === "b";
        await lab.clock.move(8_000);
      }
      assert.deepEqual(["a", "b"].map((each) => lab.hub.retained(each)?.text()), [undefined, "w"]);
      await lab.isQuiet();
    },
  );
}
