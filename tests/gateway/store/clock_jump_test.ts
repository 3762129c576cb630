import assert from "node:assert/strict";
import { systemClock } from "../../../actors/clock.ts";
import { type Clock, gateway, http, Log, mqtt, sqliteStore, tcp } from "../../../mod.ts";
import { dialMqtt } from "../../interop/mqtt_client.ts";
import { eventually } from "../../interop/patience.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };
const log = new Log({ sink: () => {} });
const HOUR_MS = 3_600_000, DAY_MS = 24 * HOUR_MS;
const NOON = 1_800_000_000_000;

/** A gateway in whose machine somebody has set the clock, which runs on from there. */
async function openAt(file: string, time: number) {
  const begun = systemClock.now();
  const clock: Clock = {
    now: () => time + systemClock.now() - begun,
    after: (ms, work) => systemClock.after(Math.min(ms, 10), work),
  };
  const history = [{ filter: "past/#", keepMs: HOUR_MS, max: 100 }];
  const hub = gateway({ log, clock, store: sqliteStore(file, { history }) });
  const { port } = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
  const web = await hub.listen(tcp({ port: 0 }), http()).ready;
  return {
    hub,
    port,
    past: async () => {
      const url = `http://127.0.0.1:${web.port}/topics/past/a?since=0`;
      return (await (await fetch(url)).json() as { payload: string }[]).map(({ payload }) =>
        payload
      );
    },
    [Symbol.asyncDispose]: () => hub.stop({ drainMs: 0 }),
  };
}

/** True when the session of this client went on. */
async function hasSession(port: number, clientId: string, sessionExpiry: number): Promise<boolean> {
  const client = await dialMqtt(port, {
    clientId,
    version: 5,
    clean: false,
    properties: { sessionExpiry },
  });
  const [connack] = client.packets;
  await client.close();
  return connack?.type === "connack" && connack.sessionPresent;
}

/** True when no MQTT client is connected. */
function isAway(hub: ReturnType<typeof gateway>): boolean {
  return !JSON.stringify(hub.tree()).includes("mqtt 5");
}

/** Runs `fn` with the name of a store. */
async function withFile(fn: (file: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await fn(`${folder}/meerkat.db`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(
  "A clock that is set back or ahead ends no session before its time, and none is for ever",
  strict,
  () =>
    withFile(async (file) => {
      for (
        const [at, isThere] of [
          [NOON, false],
          [NOON - DAY_MS, true],
          [NOON - DAY_MS + HOUR_MS / 2, true],
          [NOON, false],
          [NOON + HOUR_MS / 2, true],
          [NOON + 2 * DAY_MS, false],
        ] as const
      ) {
        await using place = await openAt(file, at);
        assert.equal(await hasSession(place.port, "c", HOUR_MS / 1000), isThere, `at ${at - NOON}`);
        await place.hub.stored();
      }
    }),
);

Deno.test(
  "A will that waits when the clock is set is published once, when its time has come",
  strict,
  () =>
    withFile(async (file) => {
      {
        await using place = await openAt(file, NOON);
        const client = await dialMqtt(place.port, {
          clientId: "c",
          version: 5,
          clean: false,
          properties: { sessionExpiry: 3600 },
          will: {
            topic: "will",
            payload: new TextEncoder().encode("gone"),
            qos: 1,
            retain: true,
            properties: { willDelay: 60 },
          },
        });
        // Without a word.
        await client.close();
        await eventually("the end of the connection", () => isAway(place.hub));
        await place.hub.stored();
      }
      {
        await using place = await openAt(file, NOON - DAY_MS);
        assert.equal(place.hub.retained("will"), undefined);
      }
      await using place = await openAt(file, NOON + HOUR_MS / 2);
      const said = Promise.withResolvers<string>();
      place.hub.subscribe("will", (message) => said.resolve(message.text()));
      assert.equal(await said.promise, "gone");
    }),
);

Deno.test(
  "A clock that is set back or ahead makes the past no longer than its rule says",
  strict,
  () =>
    withFile(async (file) => {
      {
        await using place = await openAt(file, NOON);
        place.hub.publish("past/a", "1");
        await place.hub.stored();
        assert.deepEqual(await place.past(), ["1"]);
      }
      {
        await using place = await openAt(file, NOON - DAY_MS);
        place.hub.publish("past/a", "2");
        await place.hub.stored();
        assert.deepEqual((await place.past()).toSorted(), ["1", "2"]);
      }
      {
        await using place = await openAt(file, NOON);
        assert.deepEqual(await place.past(), ["1"]);
      }
      await using place = await openAt(file, NOON + DAY_MS);
      assert.deepEqual(await place.past(), []);
    }),
);
