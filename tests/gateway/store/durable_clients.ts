import assert from "node:assert/strict";
import type { Packet } from "../../../protocols/mqtt/packets/packet.ts";
import type { Qos } from "../../../protocols/publication.ts";
import { dialMqtt, type Introduction, type MqttClient } from "../../interop/mqtt_client.ts";

/** Messages that a publisher has under way. */
const WINDOW = 20;

/** Undefined when the gateway goes before it answers. */
async function dial(port: number, introduction: Introduction): Promise<MqttClient | undefined> {
  try {
    return await dialMqtt(port, introduction);
  } catch (error) {
    const { name, message } = error as Error;
    if (name.startsWith("Connection") || message.includes("connection ended")) return undefined;
    throw error;
  }
}

/** Runs until the gateway is gone. */
async function untilGone(client: MqttClient, work: (packet: Packet) => void): Promise<void> {
  try {
    for (;;) work(await client.next());
  } catch (error) {
    if (!(error as Error).message.includes("connection ended")) throw error;
  } finally {
    await client.close();
  }
}

function publish(client: MqttClient, topic: string, qos: Qos, packetId: number, dup = false) {
  const payload = new TextEncoder().encode(topic);
  const flags = { qos, retain: topic.startsWith("state/"), dup };
  void client.send({
    type: "publish",
    topic: topic.replace(/=.*/, ""),
    payload,
    ...flags,
    packetId,
    properties: undefined,
  });
}

/** Publishes number after number at QoS 1, and remembers which were acknowledged. */
export class Counter {
  /** The numbers that the gateway has promised to keep. */
  readonly acknowledged = new Set<number>();
  #next = 0;

  constructor(readonly name: string, readonly topicOf: (number: number) => string) {}

  async run(port: number): Promise<void> {
    const client = await dial(port, { clientId: this.name });
    if (client === undefined) return;
    const underWay = new Map<number, number>();
    const more = () => {
      const id = client.nextId();
      underWay.set(id, this.#next);
      publish(client, this.topicOf(this.#next++), 1, id);
    };
    for (let i = 0; i < WINDOW; i++) more();
    await untilGone(client, (packet) => {
      assert.equal(packet.type, "puback");
      if (packet.type !== "puback") return;
      assert.ok(packet.reason < 0x80);
      this.acknowledged.add(underWay.get(packet.packetId)!);
      more();
    });
  }
}

/** Publishes at QoS 2 as one session, whatever becomes of its connections. */
export class ExactPublisher {
  /** Numbers that the gateway owns. */
  readonly acknowledged = new Set<number>();
  readonly #underWay = new Map<number, { number: number; released: boolean }>();
  #next = 0;
  // Identifiers go round soon.
  #id = 65_000;

  constructor(readonly name: string) {}

  async run(port: number, enough = Infinity): Promise<void> {
    const client = await dial(port, { clientId: this.name, clean: false });
    if (client === undefined) return;
    const more = () => {
      do this.#id = this.#id % 65_535 + 1; while (this.#underWay.has(this.#id));
      this.#underWay.set(this.#id, { number: this.#next, released: false });
      publish(client, `two/${this.#next++}`, 2, this.#id);
    };
    for (const [id, { number, released }] of this.#underWay) {
      if (released) void client.send(ack("pubrel", id));
      else publish(client, `two/${number}`, 2, id, true);
    }
    if (enough === Infinity) { while (this.#underWay.size < WINDOW) more(); }
    if (this.#underWay.size === 0) return await client.close();
    await untilGone(client, (packet) => {
      if (packet.type === "pubrec") {
        const found = this.#underWay.get(packet.packetId)!;
        this.acknowledged.add(found.number);
        found.released = true;
        void client.send(ack("pubrel", packet.packetId));
      } else {
        assert.equal(packet.type, "pubcomp");
        if (packet.type === "pubcomp") this.#underWay.delete(packet.packetId);
        if (enough === Infinity) more();
        else if (this.#underWay.size === 0) void client.close();
      }
    });
  }
}

/** One session that hears everything, and keeps to its side of QoS 1 and 2. */
export class ExactSubscriber {
  /** How often each text came. */
  readonly heard = new Map<string, number>();
  readonly #owned = new Set<number>();
  #isKnown = false;

  constructor(readonly name: string, readonly filters: readonly string[]) {}

  async connect(port: number): Promise<MqttClient | undefined> {
    const client = await dial(port, { clientId: this.name, clean: false });
    if (client === undefined) return undefined;
    const connack = client.packets[0]!;
    assert.equal(connack.type === "connack" && connack.sessionPresent, this.#isKnown);
    if (!this.#isKnown) { for (const filter of this.filters) await client.subscribe(filter, 2); }
    this.#isKnown = true;
    return client;
  }

  async run(port: number): Promise<void> {
    const client = await this.connect(port);
    if (client) await untilGone(client, (packet) => this.take(client, packet));
  }

  take(client: MqttClient, packet: Packet): void {
    if (packet.type === "pubrel") {
      this.#owned.delete(packet.packetId);
      return void client.send(ack("pubcomp", packet.packetId));
    }
    assert.equal(packet.type, "publish");
    if (packet.type !== "publish") return;
    const { packetId, qos, payload } = packet;
    if (qos === 1) void client.acknowledge(packetId);
    else void client.send(ack("pubrec", packetId));
    if (qos === 2 && this.#owned.has(packetId)) return;
    if (qos === 2) this.#owned.add(packetId);
    const text = new TextDecoder().decode(payload);
    this.heard.set(text, (this.heard.get(text) ?? 0) + 1);
  }
}

function ack(type: "pubrel" | "pubrec" | "pubcomp", packetId: number): Packet {
  return { type, packetId, reason: 0, properties: undefined };
}
