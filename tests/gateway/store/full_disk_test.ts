import assert from "node:assert/strict";
import {
  coap,
  coapStream,
  gateway,
  http,
  Log,
  mqtt,
  sqliteStore,
  type StoreOptions,
  tcp,
  udp,
  websocket,
} from "../../../mod.ts";
import { openWebSocket } from "../../../actors/clients/websocket_stream.ts";
import { Code } from "../../../protocols/coap/messages/codec.ts";
import { Signal } from "../../../protocols/coap/stream/codec.ts";
import type { Packet } from "../../../protocols/mqtt/packets/packet.ts";
import { dialTcp } from "../../../transports/tcp.ts";
import { CoapStream } from "../../interop/coap_stream.ts";
import { dialMqtt, MqttClient } from "../../interop/mqtt_client.ts";
import { eventually } from "../../interop/patience.ts";
import { request } from "../../protocols/coap/fake_datagrams.ts";
import { SmallDisk } from "./small_disk.ts";

const log = new Log({ sink: () => {} });

const mayMount = await SmallDisk.isPossible();

async function open(file: string, options: StoreOptions = {}) {
  const store = sqliteStore(file, { ...options, retryMs: 20 });
  const hub = gateway({ log, store, sysIntervalMs: 20 });
  const web = await hub.listen(tcp({ port: 0 }), http({ upgrade: websocket({ mqtt: mqtt() }) }))
    .ready;
  const broker = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
  const sensor = await hub.listen(udp({ port: 0 }), coap()).ready;
  const stream = await hub.listen(tcp({ port: 0 }), coapStream()).ready;
  const ports = { web: web.port, broker: broker.port, sensor: sensor.port, stream: stream.port };
  return { hub, ...ports };
}

type Place = Awaited<ReturnType<typeof open>>;

async function put({ web }: Place, topic: string, body: BodyInit): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${web}/topics/${topic}`, { method: "PUT", body });
  await answer.body?.cancel();
  return answer.status;
}

function retained(packetId: number): Packet {
  const flags = { qos: 1, retain: true, dup: false } as const;
  const payload = new Uint8Array(40_000).fill(7);
  return { type: "publish", topic: "mqtt/r", payload, ...flags, packetId, properties: undefined };
}

/** What MQTT 5 clients hear of a value that is to be stored: 0x97, before or after it was tried. */
async function reasonOf({ broker }: Place): Promise<number> {
  const client = await dialMqtt(broker, { clientId: "r", version: 5 });
  await client.send(retained(1));
  const answer = await client.next();
  await client.close();
  assert.ok(answer.type === "puback" || answer.type === "disconnect", answer.type);
  return answer.type === "puback" || answer.type === "disconnect" ? answer.reason : -1;
}

/** What clients hear that want a session that stays: that it cannot be kept, before or after it was tried. */
async function refusalsOf(
  { broker, web }: Place,
  by: "tcp" | "websocket" = "tcp",
): Promise<unknown[]> {
  const refusals: unknown[] = [];
  for (const version of [5, 4] as const) {
    const stream = by === "tcp"
      ? await Deno.connect({ port: broker })
      : await openWebSocket(await dialTcp({ hostname: "127.0.0.1", port: web }), {
        host: `127.0.0.1:${web}`,
        path: "/mqtt",
      });
    const client = new MqttClient(stream, version);
    const properties = version === 5 ? { sessionExpiry: 60 } : undefined;
    const { reason } = await client.introduce({
      clientId: "k",
      clean: false,
      version,
      properties,
    });
    await client.ended;
    await client.close();
    refusals.push(reason, client.packets.length);
  }
  return refusals;
}

/** The code of the answer to a PUT of CoAP, as 204 for 2.04. */
async function coapCode({ sensor }: Place): Promise<number> {
  const socket = Deno.listenDatagram({ transport: "udp", port: 0, hostname: "127.0.0.1" });
  const path = ["topics", "c"].flatMap((level, at) => [
    (at === 0 ? 11 : 0) << 4 | level.length,
    ...new TextEncoder().encode(level),
  ]);
  const head = [0x40, 0x03, Math.random() * 256 | 0, Math.random() * 256 | 0];
  const payload = new Array(1000).fill(65);
  const to = { transport: "udp", hostname: "127.0.0.1", port: sensor } as const;
  await socket.send(Uint8Array.of(...head, ...path, 0xff, ...payload), to);
  const [answer] = await socket.receive();
  socket.close();
  return (answer[1]! >> 5) * 100 + (answer[1]! & 31);
}

/** What a client of CoAP over TCP hears of a value that is to be stored: 5.03, or why it is cut off. */
async function isRefusedInStream({ stream }: Place): Promise<boolean> {
  using client = await CoapStream.dial(stream);
  const payload = new Uint8Array(40_000).fill(65);
  await client.send(request(Code.put, "/topics/s", { payload }));
  const { code } = (await client.next())!;
  return code === Code.unavailable || code === Signal.abort;
}

/** Puts until the store has no room; answers what was acknowledged. */
async function overfill(place: Place): Promise<string[]> {
  const safe: string[] = [];
  for (let i = 0; i < 500; i++) {
    const status = await put(place, `fill/${i}`, new Uint8Array(20_000).fill(i));
    if (status === 503) return safe;
    assert.equal(status, 201);
    safe.push(`fill/${i}`);
  }
  throw new Error("It never was full");
}

async function tellsTheTruth(place: Place): Promise<void> {
  assert.equal(await put(place, "more", "1"), 503);
  assert.equal(await reasonOf(place), 0x97);
  assert.deepEqual(await refusalsOf(place), [0x97, 1, 3, 1]);
  assert.equal(await coapCode(place), 503);
  assert.ok(await isRefusedInStream(place));
  // What need not survive goes on as always.
  const listener = await dialMqtt(place.broker, { clientId: "l" });
  await listener.subscribe("live/#", 1);
  const answer = await fetch(`http://127.0.0.1:${place.web}/topics/live/a`, {
    method: "POST",
    body: "still here",
  });
  assert.equal(answer.status, 204);
  assert.equal(await listener.nextText(), "still here");
  await listener.close();
  await eventually("$SYS to say so", () => stateOf(place) === "failing");
  assert.deepEqual(await healthOf(place), [503, {
    status: "failing",
    store: "failing",
    reason: "The store cannot be written: database or disk is full",
  }]);
}

async function healthOf({ web }: Place): Promise<[number, unknown]> {
  const answer = await fetch(`http://127.0.0.1:${web}/health`);
  return [answer.status, await answer.json()];
}

function stateOf({ hub }: Place): string | undefined {
  return hub.retained("$SYS/broker/store/state")?.text();
}

for (const durability of ["strict", "relaxed"] as const) {
  Deno.test({
    name: `A full store tells everybody, and keeps what it has promised: ${durability}`,
    sanitizeOps: true,
    sanitizeResources: true,
    async fn() {
      const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
      const place = await open(file, { maxBytes: 1 << 20, durability });
      let safe: string[];
      try {
        assert.deepEqual(await healthOf(place), [200, { status: "ok", store: "ok" }]);
        safe = await overfill(place);
        await tellsTheTruth(place);
      } finally {
        await place.hub.stop({ drainMs: 0 });
      }
      assert.ok(safe.length > 10);
      await using hub = gateway({ log, store: sqliteStore(file) });
      for (const topic of safe) assert.equal(hub.retained(topic)?.payload.length, 20_000, topic);
      await hub.stop();
      await Deno.remove(folder, { recursive: true });
    },
  });
}

Deno.test({
  name: "A full disk is the same, and when there is room again all goes on by itself" +
    (mayMount ? "" : " (skipped: this process may not mount a tmpfs)"),
  ignore: !mayMount,
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using small = (await SmallDisk.mount())!;
    const file = `${small.folder}/meerkat.db`;
    const place = await open(file), safe: string[] = [];
    try {
      assert.equal(await put(place, "before", "1"), 201);
      small.fill();
      // Nobody knows it yet.
      assert.deepEqual(await refusalsOf(place, "websocket"), [0x97, 1, 3, 1]);
      small.empty();
      await eventually("room again", () => stateOf(place) === "ok");
      small.fill();
      assert.deepEqual(await refusalsOf(place), [0x97, 1, 3, 1]);
      safe.push(...await overfill(place));
      await tellsTheTruth(place);
      small.empty();
      await eventually("room again", () => stateOf(place) === "ok");
      assert.deepEqual(await healthOf(place), [200, { status: "ok", store: "ok" }]);
      assert.equal(await put(place, "after", "1"), 201);
      assert.equal(await reasonOf(place), 0);
    } finally {
      await place.hub.stop({ drainMs: 0 });
    }
    await using hub = gateway({ log, store: sqliteStore(file) });
    for (const topic of ["before", "after", ...safe]) assert.ok(hub.retained(topic), topic);
    await hub.stop();
  },
});

Deno.test({
  name: "A disk that may only be read is refused in words" +
    (mayMount ? "" : " (skipped: this process may not mount a tmpfs)"),
  ignore: !mayMount,
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using small = (await SmallDisk.mount())!;
    const file = `${small.folder}/meerkat.db`;
    await gateway({ log, store: sqliteStore(file) }).stop();
    await small.protect();
    assert.throws(
      () => gateway({ log, store: sqliteStore(file) }),
      /Cannot use .*: its file system may only be read/,
    );
  },
});
