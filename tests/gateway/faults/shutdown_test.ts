import assert from "node:assert/strict";
import type { Packet } from "../../../protocols/mqtt/packets/packet.ts";
import { dialMqtt, type MqttClient } from "../../interop/mqtt_client.ts";
import { eventually, within } from "../../interop/patience.ts";
import { testWith } from "../../interop/programs.ts";
import { openWebSocket } from "../../interop/websocket.ts";
import { listening } from "../meerkat.ts";
import { Raw } from "../raw.ts";

const DRAIN_MS = 10_000;
/** Unacknowledged messages of one publisher. */
const WINDOW = 50;
/** Messages that have arrived when the signal is sent. */
const UNDER_LOAD = 3_000;

/** Publishes at QoS 1 until the connection ends; resolves with what was acknowledged. */
async function publishAll(client: MqttClient, name: string): Promise<string[]> {
  const waiting = new Map<number, string>();
  const acknowledged: string[] = [];
  for (let count = 0;; count++) {
    const text = `${name} ${count}`;
    waiting.set(await client.publish(`load/${name}`, text, 1), text);
    while (waiting.size >= WINDOW) {
      const packet = await client.next().catch(() => undefined);
      if (packet?.type !== "puback") return acknowledged;
      if (packet.reason < 0x80) acknowledged.push(waiting.get(packet.packetId)!);
      waiting.delete(packet.packetId);
    }
  }
}

/** Acknowledges everything that comes until the connection ends. */
async function takeAll(client: MqttClient, loaded: () => void): Promise<Set<string>> {
  const taken = new Set<string>();
  for (;;) {
    const packet = await client.next().catch(() => undefined);
    if (packet?.type !== "publish") return taken;
    taken.add(new TextDecoder().decode(packet.payload));
    await client.acknowledge(packet.packetId);
    if (taken.size === UNDER_LOAD) loaded();
  }
}

function reasonOf(packet: Packet | undefined): string {
  return packet?.type === "disconnect" ? `0x${packet.reason.toString(16)}` : `${packet?.type}`;
}

testWith(
  [],
  "On SIGTERM under load everyone is told, and what was acknowledged arrives",
  async () => {
    await using gateway = await listening(["mqtt://127.0.0.1:0", "http://127.0.0.1:0"]);
    const [broker, web] = gateway.ports as [number, number];
    const idle = await dialMqtt(broker, { clientId: "idle", version: 5 });
    const page = await openWebSocket(`ws://127.0.0.1:${web}/topics/quiet`);
    const kept = await Raw.dial(web),
      waiting = await Raw.dial(web),
      uploading = await Raw.dial(web);
    await kept.send("GET /topics/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await kept.until("[]");
    await waiting.send("GET /topics/quiet HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=60\r\n\r\n");
    await uploading.send(
      "PUT /topics/up HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nhalf",
    );
    const subscriber = await dialMqtt(broker, { clientId: "subscriber", version: 5 });
    assert.deepEqual(await subscriber.subscribe("load/#", 1), [1]);
    const loaded = Promise.withResolvers<void>();
    const taking = takeAll(subscriber, loaded.resolve);
    const publishers = await Promise.all(
      [4, 5, 4, 5].map((version, index) =>
        dialMqtt(broker, { clientId: `publisher ${index}`, version: version as 4 | 5 })
      ),
    );
    const publishing = publishers.map((client, index) => publishAll(client, `p${index}`));
    await within("the load", loaded.promise);

    const begin = performance.now();
    gateway.child.kill("SIGTERM");
    await gateway.child.complains("stopping");
    await uploading.send(" 4 m");
    const { code, stderr } = await gateway.child.ended();
    const passed = performance.now() - begin;
    assert.equal(code, 0, stderr);
    assert.ok(passed < DRAIN_MS, `it took ${passed} ms`);

    const taken = await taking;
    for (const acknowledged of await Promise.all(publishing)) {
      assert.ok(acknowledged.length > 0);
      const lost = acknowledged.filter((text) => !taken.has(text));
      assert.deepEqual(lost, [], `${lost.length} of ${acknowledged.length} were lost`);
    }
    for (const client of [idle, subscriber, publishers[1]!, publishers[3]!]) {
      await client.ended;
      assert.equal(reasonOf(client.packets.at(-1)), "0x8b");
    }
    assert.equal((await within("the close", page.closed)).code, 1001);
    assert.equal(await kept.rest(), "");
    assert.match(await waiting.rest(), /^HTTP\/1\.1 404 [^]*connection: close/i);
    assert.match(await uploading.rest(), /^HTTP\/1\.1 503 [^]*connection: close/i);
    for (const each of [idle, subscriber, ...publishers]) await each.close();
    for (const raw of [kept, waiting, uploading]) raw.close();
  },
);

testWith([], "A client that never acknowledges delays the end no longer than --drain", async () => {
  await using gateway = await listening(["mqtt://127.0.0.1:0"], ["--drain", "500ms"]);
  const stuck = await dialMqtt(gateway.ports[0]!, { clientId: "stuck", version: 5 });
  await stuck.subscribe("t", 1);
  const publisher = await dialMqtt(gateway.ports[0]!, { clientId: "publisher", version: 5 });
  await publisher.publish("t", "never acknowledged", 1);
  assert.equal((await publisher.next()).type, "puback");
  assert.equal((await stuck.next()).type, "publish");
  const begin = performance.now();
  gateway.child.kill("SIGTERM");
  assert.equal(reasonOf(await publisher.next()), "0x8b");
  const { code } = await gateway.child.ended();
  const passed = performance.now() - begin;
  assert.equal(code, 0);
  assert.ok(passed >= 500, `it took ${passed} ms`);
  await stuck.ended;
  for (const each of [stuck, publisher]) await each.close();
});

testWith([], "A second signal ends the gateway at once with 1", async () => {
  await using gateway = await listening(["mqtt://127.0.0.1:0"], ["--drain", "1h"]);
  const stuck = await dialMqtt(gateway.ports[0]!, { clientId: "stuck" });
  await stuck.subscribe("t", 1);
  await stuck.publish("t", "never acknowledged", 0);
  await stuck.publish("t", "never acknowledged", 1);
  for (let count = 0; count < 3; count++) await stuck.next();
  gateway.child.kill("SIGTERM");
  await gateway.child.complains("stopping");
  gateway.child.kill("SIGTERM");
  assert.equal((await gateway.child.ended()).code, 1);
  await stuck.close();
});

testWith([], "A gateway that stops takes no new connections", async () => {
  await using gateway = await listening(["mqtt://127.0.0.1:0"], ["--drain", "1h"]);
  const stuck = await dialMqtt(gateway.ports[0]!, { clientId: "stuck" });
  await stuck.subscribe("t", 1);
  await stuck.publish("t", "x", 1);
  const [first, second] = [await stuck.next(), await stuck.next()];
  gateway.child.kill("SIGTERM");
  await gateway.child.complains("stopping");
  // It says so just before it does so.
  await eventually("a refusal", async () => {
    const hostname = "127.0.0.1", port = gateway.ports[0]!;
    const socket = await Deno.connect({ hostname, port }).catch(() => undefined);
    socket?.close();
    return socket === undefined;
  });
  const message = first.type === "publish" ? first : second;
  await stuck.acknowledge((message as { packetId: number }).packetId);
  assert.equal((await gateway.child.ended()).code, 0);
  await stuck.close();
});
