import assert from "node:assert/strict";
import { gateway, http, Log, mqtt, tcp } from "../../../mod.ts";
import { encode } from "../../../protocols/mqtt/packets/encode.ts";
import type { Hub } from "../../interop/listeners.ts";
import { connectPacket, dialMqtt, type MqttClient } from "../../interop/mqtt_client.ts";
import { eventually } from "../../interop/patience.ts";
import { testWith } from "../../interop/programs.ts";
import { sample } from "../../protocols/websocket/peer.ts";
import { Raw } from "../raw.ts";
import { connections, detailOf, nodes } from "../tree.ts";

/** Of those who are slow on purpose: small, so that they are so soon. */
const limits = { outboxHighWaterBytes: 64 << 10, outboxBytes: 1 << 20, graceMs: 50 };
/** Of the others: they share this process with the gateway, and may be held up themselves. */
const patient = { graceMs: 20_000 };
const MESSAGES = 4_000;
/** Three times as much from each publisher as the kernel's buffers take of one connection. */
const PAYLOAD_BYTES = 4_096;

interface Deaf {
  /** A part of what its session is called. */
  label: string;
  raw: Raw;
}

/** Follows `news` with every protocol of streams, and reads nothing after the first words. */
async function deafOnes(ports: { broker: number; web: number }): Promise<Deaf[]> {
  const [first, second, third] = await Promise.all([
    Raw.dial(ports.broker),
    Raw.dial(ports.web),
    Raw.dial(ports.web),
  ]);
  const request = { filter: "news", qos: 0, noLocal: false, retainAsPublished: false } as const;
  const filters = [{ ...request, retainHandling: 0 as const }];
  await first.send(encode(connectPacket({ clientId: "deaf" }), 4)!);
  await first.send(encode({ type: "subscribe", packetId: 1, filters, properties: undefined }, 4)!);
  // CONNACK and SUBACK.
  await first.count(4 + 5);
  await second.send(
    "GET /topics/news HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${sample.key}\r\n\r\n`,
  );
  await second.until("\r\n\r\n");
  await third.send(
    "GET /topics/news HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n",
  );
  await third.until("retry");
  return [
    { label: "deaf", raw: first },
    { label: "websocket", raw: second },
    { label: "http GET /topics/news", raw: third },
  ];
}

/** The message of a publisher: its number, then filling. */
function message(number: number): Uint8Array {
  const payload = new Uint8Array(PAYLOAD_BYTES).fill(120);
  new DataView(payload.buffer).setUint32(0, number);
  return payload;
}

/** Takes `count` messages of each publisher, which must come in order and without a gap. */
async function takeInOrder(client: MqttClient, publishers: number, acknowledges = false) {
  const next = new Map<string, number>();
  for (let left = publishers * MESSAGES; left > 0; left--) {
    const packet = await client.next();
    assert.equal(packet.type, "publish");
    if (acknowledges) await client.acknowledge(packet.packetId);
    const number = new DataView(packet.payload.buffer, packet.payload.byteOffset).getUint32(0);
    assert.equal(number % MESSAGES, next.get(`${Math.floor(number / MESSAGES)}`) ?? 0);
    next.set(`${Math.floor(number / MESSAGES)}`, number % MESSAGES + 1);
  }
}

/** Listens for those who are slow, on `broker` and `web`, and on `quick` for the others. */
async function open(hub: Hub): Promise<{ broker: number; web: number; quick: number }> {
  const strict = mqtt({ maxQueuedMessages: 200 });
  const first = await hub.listen(tcp({ port: 0 }), strict, { limits }).ready;
  const second = await hub.listen(tcp({ port: 0 }), http(), { limits }).ready;
  const third = await hub.listen(tcp({ port: 0 }), mqtt(), { limits: patient }).ready;
  return { broker: first.port, web: second.port, quick: third.port };
}

testWith(
  [],
  "Three that never read cost a healthy one nothing, and what they lost is counted",
  async () => {
    const warnings: string[] = [];
    const log = new Log({ sink: (line) => warnings.push(line) });
    await using hub = gateway({ log });
    const ports = await open(hub);
    const deaf = await deafOnes(ports);
    const healthy = await dialMqtt(ports.quick, { clientId: "healthy" });
    await healthy.subscribe("news");
    const publishers = [
      await dialMqtt(ports.quick, { clientId: "publisher 0" }),
      await dialMqtt(ports.quick, { clientId: "publisher 1" }),
    ];
    const publishing = publishers.map(async (client, index) => {
      for (let count = 0; count < MESSAGES; count++) {
        await client.publish("news", message(index * MESSAGES + count));
      }
      await client.ping();
    });
    await Promise.all([takeInOrder(healthy, publishers.length), ...publishing]);

    let dropped = 0;
    for (const { label } of deaf) {
      const detail = detailOf(hub, label);
      assert.equal(detail.slow, true, label);
      assert.ok(Number(detail.dropped) > 0, label);
      assert.ok(Number(detail.queuedBytes) <= limits.outboxBytes, label);
      dropped += Number(detail.dropped);
    }
    const { dropped: lost, slow } = detailOf(hub, "healthy");
    assert.deepEqual([lost, slow], [0, false]);
    assert.equal(hub.counters.get("delivery.dropped"), dropped);
    assert.equal(hub.counters.get("receiver.slow"), 3);
    assert.equal(warnings.filter((line) => line.includes("slow receiver")).length, 3);

    for (const client of [healthy, ...publishers]) await client.close();
    for (const { raw } of deaf) raw.close();
    await eventually("everyone to be gone", () => connections(hub).length === 0);
  },
);

testWith(
  [],
  "One that acknowledges nothing at QoS 1 is disconnected with 0x97 by policy, a healthy one loses nothing",
  async () => {
    await using hub = gateway({ log: new Log({ level: "silent" }) });
    const { broker, quick } = await open(hub);
    const stuck = await dialMqtt(broker, { clientId: "stuck", version: 5 });
    const healthy = await dialMqtt(quick, { clientId: "healthy", version: 5 });
    for (const client of [stuck, healthy]) await client.subscribe("news", 1);
    const publisher = await dialMqtt(quick, { clientId: "publisher", version: 5 });
    const publishing = (async () => {
      let acknowledged = 0;
      for (let sent = 0; acknowledged < MESSAGES;) {
        for (; sent < MESSAGES && sent - acknowledged < 50; sent++) {
          await publisher.publish("news", message(sent), 1);
        }
        const packet = await publisher.next();
        assert.deepEqual([packet.type, (packet as { reason: number }).reason], ["puback", 0]);
        acknowledged++;
      }
    })();
    await Promise.all([takeInOrder(healthy, 1, true), publishing]);
    await stuck.ended;
    const last = stuck.packets.at(-1)!;
    assert.deepEqual([last.type, (last as { reason: number }).reason], ["disconnect", 0x97]);
    // What it may have in flight, and what may wait for it.
    const got = stuck.packets.filter(({ type }) => type === "publish").length;
    assert.ok(got > 0 && got <= 1024 + 200, `${got} messages came`);
    await eventually("losses to be counted", () => (hub.counters.get("mqtt.dropped") ?? 0) > 0);
    await eventually("it to be gone", () => nodes(hub).size > 0 && connections(hub).length === 2);
    for (const client of [stuck, healthy, publisher]) await client.close();
  },
);
