import assert from "node:assert/strict";
import { gateway, Log, mqtt, sqliteStore, tcp } from "../../../mod.ts";
import type { Clock } from "../../../mod.ts";
import type { Packet } from "../../../protocols/mqtt/packets/packet.ts";
import type { Qos } from "../../../protocols/publication.ts";
import { dialMqtt, type MqttClient } from "../../interop/mqtt_client.ts";
import { eventually } from "../../interop/patience.ts";

const log = new Log({ sink: () => {} });

class Place implements AsyncDisposable {
  constructor(
    readonly file: string,
    readonly hub: ReturnType<typeof gateway>,
    readonly port: number,
  ) {}

  static async open(file: string, clock?: Clock): Promise<Place> {
    const hub = gateway({ log, store: sqliteStore(file), ...clock && { clock } });
    const { port } = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
    return new Place(file, hub, port);
  }

  /** What a gateway finds whose predecessor was killed at this moment. */
  async afterCrash(clock?: Clock): Promise<Place> {
    await this.hub.stored();
    const file = `${this.file}.copy`;
    for (const end of ["", "-wal"]) await Deno.copyFile(this.file + end, file + end);
    await this.hub.stop({ drainMs: 0 });
    return await Place.open(file, clock);
  }

  connect(clientId: string, more = {}): Promise<MqttClient> {
    return dialMqtt(this.port, { clientId, clean: false, ...more });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub.stop({ drainMs: 0 });
  }
}

function restartTest(name: string, fn: (place: Place) => Promise<Place | void>): void {
  Deno.test({
    name,
    sanitizeOps: true,
    sanitizeResources: true,
    async fn() {
      const folder = await Deno.makeTempDir(), place = await Place.open(`${folder}/meerkat.db`);
      try {
        await (await fn(place))?.hub.stop({ drainMs: 0 });
      } finally {
        await place.hub.stop({ drainMs: 0 });
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

function ack(type: "pubrec" | "pubcomp" | "pubrel", packetId: number): Packet {
  return { type, packetId, reason: 0, properties: undefined };
}

async function publish(place: Place, topic: string, qos: Qos, ...texts: string[]): Promise<void> {
  for (const text of texts) place.hub.publish(topic, text, { qos });
  await place.hub.stored();
}

/** Goes, and waits until the gateway knows. */
async function leave(client: MqttClient): Promise<void> {
  await client.send({ type: "disconnect", reason: 0, properties: undefined });
  await client.ended;
  await client.close();
}

function isPresent(client: MqttClient): boolean {
  const [connack] = client.packets;
  return connack?.type === "connack" && connack.sessionPresent;
}

restartTest(
  "A session is there after a crash: its subscriptions, and what came meanwhile",
  async (place) => {
    const client = await place.connect("s");
    await client.subscribe("a/+", 2);
    await client.subscribe("b", 1);
    await client.send({ type: "unsubscribe", packetId: 9, filters: ["b"], properties: undefined });
    assert.equal((await client.next()).type, "unsuback");
    await client.close();
    await publish(place, "a/1", 1, "1", "2", "3");
    const again = await place.afterCrash();
    await publish(again, "a/2", 1, "4");
    await publish(again, "b", 1, "not for it");
    const back = await again.connect("s");
    assert.equal(isPresent(back), true);
    for (const text of ["1", "2", "3", "4"]) assert.equal(await back.nextText(), text);
    await back.ping();
    await back.close();
    return again;
  },
);

restartTest("What was under way at QoS 2 goes on where it was", async (place) => {
  const client = await place.connect("s");
  await client.subscribe("a", 2);
  await publish(place, "a", 2, "first", "second");
  const [first, second] = [await client.next(), await client.next()];
  assert.ok(first.type === "publish" && second.type === "publish");
  if (first.type !== "publish" || second.type !== "publish") return;
  await client.send(ack("pubrec", first.packetId));
  assert.deepEqual(await client.next(), ack("pubrel", first.packetId));
  const again = await place.afterCrash();
  const back = await again.connect("s");
  assert.deepEqual(await back.next(), ack("pubrel", first.packetId));
  const repeated = await back.next();
  assert.ok(repeated.type === "publish" && repeated.dup);
  assert.equal(repeated.type === "publish" && repeated.packetId, second.packetId);
  await back.close();
  await client.close();
  return again;
});

restartTest("A message of QoS 2 that was taken is not taken again", async (place) => {
  const listener = await place.connect("l");
  await listener.subscribe("a", 1);
  const client = await place.connect("p");
  const id = await client.publish("a", "once", 2);
  assert.deepEqual(await client.next(), ack("pubrec", id));
  const again = await place.afterCrash();
  const back = await again.connect("p");
  const payload = new TextEncoder().encode("once");
  const flags = { qos: 2, retain: false, dup: true } as const;
  await back.send({
    type: "publish",
    topic: "a",
    payload,
    ...flags,
    packetId: id,
    properties: undefined,
  });
  assert.deepEqual(await back.next(), ack("pubrec", id));
  await back.send(ack("pubrel", id));
  assert.deepEqual(await back.next(), ack("pubcomp", id));
  const heard = await again.connect("l");
  assert.equal(await heard.nextText(), "once");
  await heard.ping();
  for (const each of [listener, client, back, heard]) await each.close();
  return again;
});

restartTest("The will of a client that was there is published after a crash", async (place) => {
  const will = {
    topic: "wills/w",
    payload: new TextEncoder().encode("gone"),
    qos: 1,
    retain: true,
  };
  const client = await place.connect("w", { will: { ...will, properties: undefined } });
  await client.ping();
  const again = await place.afterCrash();
  await eventually("the will", () => again.hub.retained("wills/w")?.text() === "gone");
  await client.close();
  return again;
});

restartTest("A shared subscription keeps what nobody has acknowledged", async (place) => {
  const clients = [await place.connect("one"), await place.connect("two")];
  for (const client of clients) await client.subscribe("$share/g/a", 1);
  await publish(place, "a", 1, "1", "2");
  for (const client of clients) {
    const packet = await client.next();
    if (packet.type === "publish") assert.match(new TextDecoder().decode(packet.payload), /[12]/);
  }
  for (const client of clients) await client.close();
  const again = await place.afterCrash();
  await publish(again, "a", 1, "3");
  const back = await again.connect("two");
  const heard = [await back.nextText(), await back.nextText(), await back.nextText()];
  assert.deepEqual(heard.sort(), ["1", "2", "3"]);
  await back.close();
  return again;
});

restartTest("A session that ended, or that was to end, is not there", async (place) => {
  const client = await place.connect("s");
  await client.subscribe("a", 1);
  await client.close();
  await publish(place, "a", 1, "1");
  await (await place.connect("s", { clean: true })).close();
  const later: Clock = {
    now: () => Date.now() + 31 * 86_400_000,
    after: (ms, work) => {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
  };
  await (await place.connect("old")).close();
  const again = await place.afterCrash(later);
  for (const name of ["s", "old"]) {
    await eventually(`the end of ${name}`, async () => {
      const back = await again.connect(name, { version: 5, properties: undefined });
      await back.close();
      return !isPresent(back);
    });
  }
  return again;
});

restartTest("What waits for an upstream is sent after a crash", async (place) => {
  const routes = [{ direction: "out", filter: "b/#", qos: 1, remotePrefix: "far/" }] as const;
  const limits = { retryMinMs: 5, retryMaxMs: 20 };
  // Nobody listens on port 1.
  place.hub.bridge({ name: "up", url: "mqtt://127.0.0.1:1", routes, limits });
  await publish(place, "b/1", 1, "first", "second");
  const again = await place.afterCrash();
  await using far = gateway({ log });
  const { port } = await far.listen(tcp({ port: 0 }), mqtt()).ready;
  const heard: string[] = [];
  far.subscribe("far/#", (message) => void heard.push(`${message.topic} ${message.text()}`));
  again.hub.bridge({ name: "up", url: `mqtt://127.0.0.1:${port}`, routes, limits });
  await eventually("both messages", () => heard.length === 2);
  assert.deepEqual(heard, ["far/b/1 first", "far/b/1 second"]);
  await again.hub.stored();
  return again;
});

restartTest("What waits for an upstream is forgotten with the bridge", async (place) => {
  const routes = [{ direction: "out", filter: "b/#", qos: 1 }] as const;
  const limits = { retryMinMs: 5, retryMaxMs: 20 };
  // Nobody listens on port 1.
  const bridge = place.hub.bridge({ name: "up", url: "mqtt://127.0.0.1:1", routes, limits });
  await publish(place, "b/1", 1, "first", "second");
  await bridge.close();
  await using far = gateway({ log });
  const { port } = await far.listen(tcp({ port: 0 }), mqtt()).ready;
  const heard: string[] = [];
  far.subscribe("b/#", (message) => void heard.push(message.text()));
  const url = `mqtt://127.0.0.1:${port}`;
  await place.hub.bridge({ name: "up", url, routes, limits }).online;
  await publish(place, "b/1", 1, "third");
  await eventually("the third", () => heard.includes("third"));
  const again = await place.afterCrash();
  await again.hub.bridge({ name: "up", url, routes, limits }).online;
  await publish(again, "b/1", 1, "fourth");
  await eventually("the fourth", () => heard.includes("fourth"));
  assert.deepEqual([...new Set(heard)], ["third", "fourth"]);
  return again;
});

restartTest(
  "What waits together or alone comes in order, and what was acknowledged once",
  async (place) => {
    const client = await place.connect("s");
    await client.subscribe("a", 1);
    await leave(client);
    const texts = Array.from({ length: 500 }, (_, number) => `${number}`);
    // The first and the last are written down together, those between by themselves.
    await publish(place, "a", 1, ...texts.slice(0, 100));
    for (const text of texts.slice(100, 103)) await publish(place, "a", 1, text);
    await publish(place, "a", 1, ...texts.slice(103));
    const back = await place.connect("s");
    assert.equal(isPresent(back), true);
    for (const text of texts.slice(0, 250)) {
      const packet = await back.next();
      assert.ok(packet.type === "publish" && !packet.dup);
      assert.equal(new TextDecoder().decode(packet.payload), text);
      await back.acknowledge(packet.packetId);
    }
    // All acknowledgements have been read.
    await back.send({ type: "pingreq" });
    await eventually("an answer", () => back.packets.some(({ type }) => type === "pingresp"));
    await back.close();
    const again = await place.afterCrash(), last = await again.connect("s");
    for (const text of texts.slice(250)) assert.equal(await last.nextText(), text);
    await last.close();
    return again;
  },
);

restartTest("What waits for a group comes in order to whoever is there first", async (place) => {
  const client = await place.connect("s");
  await client.subscribe("$share/g/a", 1);
  await leave(client);
  const texts = Array.from({ length: 60 }, (_, number) => `${number}`);
  await publish(place, "a", 1, ...texts);
  const back = await place.connect("s");
  for (const text of texts) assert.equal(await back.nextText(), text);
  await back.close();
  const again = await place.afterCrash(), last = await again.connect("s");
  assert.deepEqual(
    (await Promise.all(texts.map(() => last.nextText()))).sort(),
    texts.toSorted(),
  );
  await last.close();
  return again;
});
