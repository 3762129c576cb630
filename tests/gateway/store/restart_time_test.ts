import assert from "node:assert/strict";
import { type Clock, gateway, Log, mqtt, sqliteStore, tcp } from "../../../mod.ts";
import type { Publish } from "../../../protocols/mqtt/packets/packet.ts";
import { dialMqtt, type MqttClient } from "../../interop/mqtt_client.ts";
import { eventually } from "../../interop/patience.ts";

const log = new Log({ sink: () => {} });

/** A clock that is ahead by so many seconds. */
function ahead(seconds: number): Clock {
  return {
    now: () => Date.now() + seconds * 1000,
    after(ms, work) {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
  };
}

async function open(file: string, seconds: number) {
  const hub = gateway({ log, store: sqliteStore(file), clock: ahead(seconds) });
  const { port } = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
  const connect = (clientId: string, sessionExpiry: number, more = {}) => {
    const properties = { sessionExpiry };
    return dialMqtt(port, { clientId, version: 5, clean: false, properties, ...more });
  };
  return { hub, connect };
}

/** Ends a gateway as if it was killed; answers the file that it leaves. */
async function killed(hub: ReturnType<typeof gateway>, file: string): Promise<string> {
  await hub.stored();
  const left = `${file}.left`;
  for (const end of ["", "-wal"]) await Deno.copyFile(file + end, left + end);
  await hub.stop({ drainMs: 0 });
  return left;
}

async function leave(client: MqttClient, sessionExpiry: number, reason = 0): Promise<void> {
  await client.send({ type: "disconnect", reason, properties: { sessionExpiry } });
  await client.ended;
  await client.close();
}

function isPresent({ packets: [connack] }: MqttClient): boolean {
  return connack?.type === "connack" && connack.sessionPresent;
}

/** All that waits for a client, acknowledged. */
async function heard(client: MqttClient): Promise<Publish[]> {
  await client.send({ type: "pingreq" });
  const all: Publish[] = [];
  for (let packet = await client.next(); packet.type !== "pingresp"; packet = await client.next()) {
    if (packet.type !== "publish") continue;
    all.push(packet);
    await client.acknowledge(packet.packetId);
  }
  await client.ping();
  return all;
}

Deno.test({
  name: "Sessions, messages and wills come to their end while the gateway is down, and once",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
    const first = await open(file, 0);
    const [longer, shorter] = [
      await first.connect("longer", 60),
      await first.connect("shorter", 900),
    ];
    for (const client of [longer, shorter]) {
      await client.subscribe("a", 1);
      await client.subscribe("wills/#", 1);
    }
    await leave(longer, 900);
    await leave(shorter, 60);
    for (const [text, expirySeconds] of [["brief", 100], ["long", 10_000]] as const) {
      first.hub.publish("a", text, { qos: 1, properties: { expirySeconds } });
    }
    const will = {
      topic: "wills/w",
      payload: new TextEncoder().encode("gone"),
      qos: 1,
      retain: false,
      properties: { willDelay: 300 },
    };
    const lost = await first.connect("w", 900, { will });
    // Disconnect with Will Message (MQTT 5.0 §3.14.2.1).
    await leave(lost, 900, 4);
    const left = await killed(first.hub, file);

    const second = await open(left, 500);
    const away = await second.connect("shorter", 0);
    assert.equal(isPresent(away), false);
    await away.close();
    const back = await second.connect("longer", 900);
    assert.equal(isPresent(back), true);
    const seen: Publish[] = [];
    await eventually("the will", async () => {
      seen.push(...await heard(back));
      return seen.length >= 2;
    });
    const texts = seen.map(({ payload }) => new TextDecoder().decode(payload));
    assert.deepEqual(texts.sort(), ["gone", "long"]);
    const rest = seen.find(({ topic }) => topic === "a")!.properties?.messageExpiry ?? 0;
    assert.ok(rest <= 9_500 && rest > 9_000, `${rest} s are left`);
    await back.close();

    const third = await open(await killed(second.hub, left), 500);
    const again = await third.connect("longer", 900);
    assert.equal(isPresent(again), true);
    assert.deepEqual(await heard(again), []);
    await again.close();
    await third.hub.stop({ drainMs: 0 });
    await Deno.remove(folder, { recursive: true });
  },
});
