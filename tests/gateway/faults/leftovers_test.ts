import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { gateway, Log, mqtt, sqliteStore, tcp } from "../../../mod.ts";
import type { Packet } from "../../../protocols/mqtt/packets/packet.ts";
import { dialMqtt, type MqttClient } from "../../interop/mqtt_client.ts";

const log = new Log({ sink: () => {} });

type Place = { hub: ReturnType<typeof gateway>; port: number };

/** Rows in each table of the store, without those that are empty. */
function rowsOf(file: string): Record<string, number> {
  const database = new DatabaseSync(file, { readOnly: true });
  const found: Record<string, number> = {};
  for (const name of ["sessions", "subscriptions", "groups", "segments", "marks", "ids"]) {
    const { count } = database.prepare(`SELECT count(*) AS count FROM ${name}`).get()!;
    if (count !== 0) found[name] = count as number;
  }
  database.close();
  return found;
}

/** Messages of QoS 1 and 2 for who is away, in many rows; every tenth expired long ago. */
async function publish({ hub }: Place, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    const isOld = number % 10 === 9, past = Date.now() - 60_000;
    hub.publish("a/b", String(number), {
      qos: number % 3 === 0 ? 2 : 1,
      ...isOld && { time: past, properties: { expirySeconds: 1 } },
    });
    if (number % 50 === 0) await hub.stored();
  }
  await hub.stored();
}

/** Answers as QoS 1 and 2 ask for; true when that settles a message. */
function settles(client: MqttClient, packet: Packet): boolean {
  const answer = (type: "puback" | "pubrec" | "pubcomp", packetId: number): boolean => {
    void client.send({ type, packetId, reason: 0, properties: undefined });
    return type !== "pubrec";
  };
  if (packet.type === "publish") {
    return answer(packet.qos === 1 ? "puback" : "pubrec", packet.packetId);
  }
  assert.equal(packet.type, "pubrel");
  return packet.type === "pubrel" && answer("pubcomp", packet.packetId);
}

async function take(client: MqttClient, count: number): Promise<void> {
  for (let done = 0; done < count;) if (settles(client, await client.next())) done++;
}

/** Takes all that there is. */
async function takeAll(client: MqttClient): Promise<void> {
  for (let came = 1; came > 0;) {
    came = 0;
    await client.send({ type: "pingreq" });
    for (;;) {
      const packet = await client.next();
      if (packet.type === "pingresp") break;
      settles(client, packet);
      came++;
    }
  }
}

for (const durability of ["strict", "relaxed", "none"] as const) {
  Deno.test({
    name: `What was delivered, has expired or belonged to a session that ended leaves no row: ` +
      durability,
    sanitizeOps: true,
    sanitizeResources: true,
    async fn() {
      const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
      const run = async (work: (place: Place) => Promise<unknown>) => {
        const hub = gateway({ log, store: sqliteStore(file, { durability }) });
        const { port } = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
        await work({ hub, port });
        await hub.stop({ drainMs: 0 });
      };
      const connect = ({ port }: Place, clean = false) => dialMqtt(port, { clientId: "s", clean });
      await run(async (place) => {
        const client = await connect(place);
        await client.subscribe("a/+", 2);
        await client.close();
        await publish(place, 700);
      });
      assert.ok(rowsOf(file).segments! >= 3);
      await run(async (place) => {
        // Some by one connection, some by the one that takes the session over.
        const first = await connect(place);
        await take(first, 100);
        const second = await connect(place);
        await first.ended;
        await takeAll(second);
        await first.close();
        await second.close();
      });
      assert.deepEqual(rowsOf(file), { sessions: 1, subscriptions: 1 });
      await run(async (place) => {
        await publish(place, 300);
        const client = await connect(place);
        await take(client, 50);
        await client.close();
        await (await connect(place, true)).close();
        await place.hub.stored();
      });
      assert.deepEqual(rowsOf(file), {});
      await Deno.remove(folder, { recursive: true });
    },
  });
}
