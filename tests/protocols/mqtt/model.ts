import assert from "node:assert/strict";
import type { FilterRequest, Packet, Publish } from "../../../protocols/mqtt/packets/packet.ts";

/** A message as the model knows it. */
export interface Message {
  topic: string;
  payload: string;
  qos: number;
  retain: boolean;
}

/** A message of QoS 1 or 2 on its way to the client. */
interface Outgoing extends Message {
  ids: string;
  packetId: number;
  released: boolean;
}

type Wish = FilterRequest & { id: number | undefined };

/**
 * What the specification says that a server does for one client, in as few words as possible.
 * Every method returns what the client must hear, in the notation of `heard`.
 */
export class Model {
  present = false;
  online = false;
  readonly subscriptions = new Map<string, Wish>();
  readonly retained = new Map<string, Message & { own: boolean }>();
  /** Sent and not settled, in the order of sending. */
  sent: Outgoing[] = [];
  /** Waiting for the client to come back. */
  queue: Outgoing[] = [];
  readonly taken = new Set<number>();

  constructor(readonly version: 4 | 5) {}

  connect(clean: boolean): string[] {
    if (clean) this.#forget();
    const expected = [`connack ${this.present} 0`];
    this.present = this.online = true;
    for (const each of this.sent) {
      expected.push(each.released ? `pubrel ${each.packetId} 0` : `${shown(each)} dup`);
    }
    this.sent.push(...this.queue);
    expected.push(...this.queue.splice(0).map(shown));
    return expected;
  }

  /** The connection is gone. */
  leave(stays: boolean): void {
    this.online = false;
    if (!stays) this.#forget();
  }

  subscribe(packetId: number, wish: Wish): string[] {
    const isNew = !this.subscriptions.has(wish.filter);
    this.subscriptions.set(wish.filter, wish);
    const expected = [`suback ${packetId} ${wish.qos}`];
    if (wish.retainHandling === 2 || (wish.retainHandling === 1 && !isNew)) return expected;
    const ids = wish.id === undefined ? "" : `${wish.id}`;
    for (const each of this.retained.values()) {
      if (!selects(wish.filter, each.topic) || (each.own && wish.noLocal)) continue;
      expected.push(this.#send({ ...each, qos: Math.min(each.qos, wish.qos), retain: true }, ids));
    }
    return expected;
  }

  unsubscribe(packetId: number, filter: string): string[] {
    const was = this.subscriptions.delete(filter);
    return [`unsuback ${packetId}${this.version === 5 ? ` ${was ? 0 : 0x11}` : ""}`];
  }

  /** Somebody publishes: the client itself, or another. */
  publish(message: Message, { own, packetId }: { own: boolean; packetId: number }): string[] {
    const again = own && message.qos === 2 && this.taken.has(packetId);
    const wishes = [...this.subscriptions.values()].filter(({ filter, noLocal }) =>
      selects(filter, message.topic) && !(own && noLocal)
    );
    const reason = this.version === 5 && wishes.length === 0 && !again ? 0x10 : 0;
    const acks = !own || message.qos === 0
      ? []
      : [`${message.qos === 1 ? "puback" : "pubrec"} ${packetId} ${reason}`];
    if (again) return acks;
    if (own && message.qos === 2) this.taken.add(packetId);
    if (message.retain && message.payload === "") this.retained.delete(message.topic);
    else if (message.retain) this.retained.set(message.topic, { ...message, own });
    if (wishes.length === 0) return acks;
    const delivered = {
      ...message,
      qos: Math.min(message.qos, Math.max(...wishes.map(({ qos }) => qos))),
      retain: message.retain && wishes.some(({ retainAsPublished }) => retainAsPublished),
    };
    const ids = wishes.flatMap(({ id }) => id ?? []).sort((a, b) => a - b).join();
    if (this.online) return [...acks, this.#send(delivered, ids)];
    if (delivered.qos > 0) this.queue.push({ ...delivered, ids, packetId: 0, released: false });
    return acks;
  }

  /** The client acknowledges what it was sent, or what nobody sent. */
  acknowledge(type: "puback" | "pubrec" | "pubcomp", packetId: number): string[] {
    const found = this.sent.find((each) => each.packetId === packetId);
    if (type === "pubrec") {
      if (found !== undefined) found.released = true;
      return [`pubrel ${packetId} ${found || this.version === 4 ? 0 : 0x92}`];
    }
    this.sent = this.sent.filter((each) => each !== found);
    return [];
  }

  release(packetId: number): string[] {
    const known = this.taken.delete(packetId);
    return [`pubcomp ${packetId} ${known || this.version === 4 ? 0 : 0x92}`];
  }

  /** What the client heard, as the model writes it; identifiers are noted. */
  heard(packets: Packet[]): string[] {
    return packets.map((packet) => {
      switch (packet.type) {
        case "publish":
          return this.#noted(packet);
        case "connack":
          return `connack ${packet.sessionPresent} ${packet.reason}`;
        case "suback":
        case "unsuback":
          return [packet.type, packet.packetId, ...packet.reasons].join(" ");
        case "disconnect":
          return `disconnect ${packet.reason}`;
        default:
          return "packetId" in packet
            ? `${packet.type} ${packet.packetId} ${"reason" in packet ? packet.reason : ""}`
            : packet.type;
      }
    });
  }

  #noted(packet: Publish): string {
    const { topic, qos, retain, dup, packetId, properties } = packet;
    const ids = (properties?.subscriptionIds ?? []).toSorted((a, b) => a - b).join();
    const text = shown({
      topic,
      payload: new TextDecoder().decode(packet.payload),
      qos,
      retain,
      ids,
    });
    if (qos > 0) {
      const owner = this.sent.find((each) => each.packetId === packetId);
      if (dup) assert.ok(owner && shown(owner) === text, `identifier ${packetId} is another's`);
      else {
        assert.equal(owner, undefined, `identifier ${packetId} is in use`);
        const mine = this.sent.find((each) => each.packetId === 0 && shown(each) === text);
        if (mine !== undefined) mine.packetId = packetId;
      }
    }
    return dup ? `${text} dup` : text;
  }

  #send(message: Message, ids: string): string {
    const named = this.version === 5 ? ids : "";
    if (message.qos > 0) this.sent.push({ ...message, ids: named, packetId: 0, released: false });
    return shown({ ...message, ids: named });
  }

  #forget(): void {
    this.present = false;
    this.subscriptions.clear();
    this.taken.clear();
    this.sent = [];
    this.queue = [];
  }
}

function shown({ topic, payload, qos, retain, ids }: Message & { ids: string }): string {
  return `publish ${topic} ${payload} q${qos}${retain ? " r" : ""} [${ids}]`;
}

/** The rules of MQTT 5.0 §4.7, by way of a regular expression. */
function selects(filter: string, topic: string): boolean {
  if (/^[+#]/.test(filter) && topic.startsWith("$")) return false;
  const pattern = filter
    .replace(/[.*?^${}()|[\]\\]/g, "\\$&")
    .replace(/(^|\/)\+(?=\/|$)/g, "$1[^/]*").replace(/(^|\/)\+(?=\/|$)/g, "$1[^/]*")
    .replace(/^#$/, "[^]*").replace(/\/#$/, "(/[^]*)?");
  return new RegExp(`^${pattern}$`).test(topic);
}
