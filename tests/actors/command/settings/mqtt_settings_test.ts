import assert from "node:assert/strict";
import type { Settings } from "../../../../actors/command/config/resolved.ts";
import { FakeHost } from "../fakes.ts";

async function serve(config: unknown): Promise<{ settings: Settings | undefined }> {
  const host = new FakeHost({ "m.json": JSON.stringify(config) });
  assert.equal(await host.run("--config", "m.json"), 0, host.err.join());
  return { settings: host.settings };
}

Deno.test("settings of MQTT hold for all listeners, and a listener's own win", async () => {
  const serverReference = { server: "other.example", permanent: true };
  const { settings } = await serve({
    listen: ["mqtt:", { url: "http:", queuePolicy: "conflate", serverReference }],
    queuePolicy: "drop-oldest",
    sharedStrategy: "least-loaded",
    clientIdPattern: "sensor-[0-9]+",
    checkPayloadFormat: true,
    responseInformation: "replies/{client}",
  });
  const shared = {
    sharedStrategy: "least-loaded",
    clientIdPattern: /sensor-[0-9]+/u,
    checkPayloadFormat: true,
    responseInformation: "replies/{client}",
  };
  assert.deepEqual(settings!.listen.map(({ mqtt }) => mqtt), [
    { queuePolicy: "drop-oldest", ...shared },
    { queuePolicy: "conflate", ...shared, serverReference },
  ]);
});

Deno.test("settings name parts of the topic space and what their values may take", async () => {
  const { settings } = await serve({
    retainedTrees: [
      { filter: "a/#", max: 5, maxBytes: "1KiB", expirySeconds: 60 },
      { filter: "b/+" },
    ],
  });
  assert.deepEqual(settings!.retainedTrees, [
    { filter: "a/#", max: 5, maxBytes: 1024, expirySeconds: 60 },
    { filter: "b/+" },
  ]);
});

Deno.test("settings of MQTT that are wrong are refused with what would be right", async () => {
  const host = new FakeHost({
    "m.json": JSON.stringify({
      queuePolicy: "drop",
      clientIdPattern: "(",
      serverReference: { permanent: true },
      retainedTrees: [{ filter: "a/#/b" }, { max: 1 }],
    }),
  });
  assert.equal(await host.run("check", "--config", "m.json"), 1);
  const said = host.err.join("\n");
  for (
    const part of [
      'queuePolicy: Cannot use "drop": give drop-newest, drop-oldest, conflate or disconnect',
      'clientIdPattern: Cannot use "(": give a regular expression such as sensor-[0-9]+',
      'serverReference: Missing "server": The server, with its port',
      'retainedTrees[0].filter: Cannot use "a/#/b": give a topic filter such as sensors/#',
      'retainedTrees[1]: Missing "filter": Which topics',
    ]
  ) assert.ok(said.includes(part), `${part}\n${said}`);
});
