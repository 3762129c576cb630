import assert from "node:assert/strict";
import { gateway, Log, MemoryTransport, mqtt, sqliteStore } from "../../../mod.ts";
import { MqttClient } from "../../interop/mqtt_client.ts";
import { eventually } from "../../interop/patience.ts";
import { SmallDisk } from "./small_disk.ts";

const log = new Log({ sink: () => {} });

const mayMount = await SmallDisk.isPossible();

/** A session that stays, on a gateway in memory. */
async function sessionOf(hub: ReturnType<typeof gateway>, name: string, filter: string) {
  const transport = new MemoryTransport();
  await hub.listen(transport, mqtt()).ready;
  const client = await MqttClient.connect(transport.connect(), { clientId: name, clean: false });
  await client.subscribe(filter, 1);
  await client.close();
  return () => MqttClient.connect(transport.connect(), { clientId: name, clean: false });
}

for (const qos of [1, 2] as const) {
  Deno.test({
    name: `A bridge acknowledges nothing that a full disk could not take, and goes on: QoS ${qos}` +
      (mayMount ? "" : " (skipped: this process may not mount a tmpfs)"),
    ignore: !mayMount,
    sanitizeOps: true,
    sanitizeResources: true,
    async fn() {
      await using small = (await SmallDisk.mount())!;
      const store = sqliteStore(`${small.folder}/meerkat.db`, { retryMs: 20 });
      await using here = gateway({ log, store, sysIntervalMs: 20 });
      const stateOf = () => here.retained("$SYS/broker/store/state")?.text();
      await using there = gateway({ log });
      const upstream = new MemoryTransport();
      await there.listen(upstream, mqtt()).ready;
      const connect = await sessionOf(here, "s", "in/#");
      await here.bridge({
        name: "up",
        dial: () => Promise.resolve(upstream.connect()),
        routes: [{ direction: "in", filter: "in/#", qos }],
        // Whatever is not acknowledged stands in the way of the rest.
        limits: { maxInflight: 1 },
      }).online;
      const payload = new Uint8Array(40_000);
      small.fill();
      for (let count = 0; count < 20; count++) there.publish(`in/${count}`, payload, { qos });
      await eventually("a failure", () => stateOf() === "failing");
      small.empty();
      await eventually("room again", () => stateOf() === "ok");
      const client = await connect(), seen: string[] = [];
      while (seen.length < 20) {
        const packet = await client.next();
        if (packet.type !== "publish") continue;
        seen.push(packet.topic);
        await client.acknowledge(packet.packetId);
      }
      assert.deepEqual(seen, Array.from({ length: 20 }, (_, count) => `in/${count}`));
      await client.ping();
      await client.close();
    },
  });
}
