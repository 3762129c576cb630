import assert from "node:assert/strict";
import { gateway, Log, mqtt, sqliteStore, tcp } from "../../../mod.ts";
import type { Packet } from "../../../protocols/mqtt/packets/packet.ts";
import { dialMqtt, MqttClient } from "../../interop/mqtt_client.ts";

const log = new Log({ sink: () => {} });

/** An upstream that says what it is told to. */
class Upstream {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });

  get port(): number {
    return this.#listener.addr.port;
  }

  /** The next connection, let in. */
  async accept(sessionPresent: boolean): Promise<MqttClient> {
    const peer = new MqttClient(await this.#listener.accept(), 5);
    assert.equal((await peer.next()).type, "connect");
    await peer.send({ type: "connack", sessionPresent, reason: 0, properties: undefined });
    const subscribe = await peer.next();
    assert.ok(subscribe.type === "subscribe");
    const { packetId } = subscribe;
    await peer.send({ type: "suback", packetId, reasons: [2], properties: undefined });
    return peer;
  }

  close(): void {
    this.#listener.close();
  }
}

/** A gateway with a bridge, a session that follows what it brings, and a store. */
async function open(file: string, upstream: Upstream) {
  const hub = gateway({ log, store: sqliteStore(file) });
  const { port } = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
  const follower = await dialMqtt(port, { clientId: "follower", clean: false });
  const [connack] = follower.packets;
  const isNew = connack?.type === "connack" && !connack.sessionPresent;
  if (isNew) await follower.subscribe("in/#", 1);
  hub.bridge({
    name: "up",
    url: `mqtt://127.0.0.1:${upstream.port}`,
    clientId: "site",
    clean: false,
    routes: [{ direction: "in", filter: "in/#", qos: 2 }],
    limits: { retryMinMs: 5, retryMaxMs: 20 },
  });
  return { hub, follower };
}

/** What a gateway finds whose predecessor was killed at this moment. */
async function copyOf(file: string): Promise<string> {
  const copy = `${file}.copy`;
  for (const end of ["", "-wal"]) await Deno.copyFile(file + end, copy + end);
  return copy;
}

function publish(text: string, packetId: number, dup = false): Packet {
  const payload = new TextEncoder().encode(text);
  const flags = { qos: 2, retain: false, dup } as const;
  return { type: "publish", topic: "in/1", payload, ...flags, packetId, properties: undefined };
}

function ack(type: "pubrec" | "pubrel" | "pubcomp", packetId: number): Packet {
  return { type, packetId, reason: 0, properties: undefined };
}

async function inFolder(fn: (file: string, upstream: Upstream) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir(), upstream = new Upstream();
  try {
    await fn(`${folder}/meerkat.db`, upstream);
  } finally {
    upstream.close();
    await Deno.remove(folder, { recursive: true });
  }
}

for (const heard of [true, false]) {
  Deno.test({
    name: "What a bridge has taken at QoS 2 is there once after a crash, where the upstream " +
      (heard ? "knows" : "does not know") + " that it was taken",
    sanitizeOps: true,
    sanitizeResources: true,
    fn: () =>
      inFolder(async (file, upstream) => {
        const before = await open(file, upstream), first = await upstream.accept(false);
        await first.send(publish("once", 7));
        assert.deepEqual(await first.next(), ack("pubrec", 7));
        const copy = await copyOf(file);
        const stopped = before.hub.stop({ drainMs: 0 });
        await first.close();
        await before.follower.close();
        await stopped;

        const { hub, follower } = await open(copy, upstream), second = await upstream.accept(true);
        if (!heard) {
          await second.send(publish("once", 7, true));
          assert.deepEqual(await second.next(), ack("pubrec", 7));
        }
        await second.send(ack("pubrel", 7));
        assert.deepEqual(await second.next(), ack("pubcomp", 7));
        // The identifier is free for another message.
        await second.send(publish("next", 7));
        assert.deepEqual(await second.next(), ack("pubrec", 7));
        assert.deepEqual([await follower.nextText(), await follower.nextText()], ["once", "next"]);
        await second.close();
        await follower.close();
        await hub.stop({ drainMs: 0 });
      }),
  });
}

Deno.test({
  name: "A bridge keeps identifiers no longer than the upstream keeps the session",
  sanitizeOps: true,
  sanitizeResources: true,
  fn: () =>
    inFolder(async (file, upstream) => {
      const { hub, follower } = await open(file, upstream), first = await upstream.accept(false);
      await first.send(publish("one", 7));
      assert.deepEqual(await first.next(), ack("pubrec", 7));
      await first.close();
      const second = await upstream.accept(false);
      await second.send(publish("two", 7));
      assert.deepEqual(await second.next(), ack("pubrec", 7));
      assert.deepEqual([await follower.nextText(), await follower.nextText()], ["one", "two"]);
      await second.close();
      await follower.close();
      await hub.stop({ drainMs: 0 });
    }),
});
