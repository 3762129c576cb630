import type { Delivery } from "../publication.ts";
import { Publication } from "../publication.ts";
import type { MqttLimits } from "./limits.ts";
import { settle } from "./session_log.ts";

/** What the objects around a waiting message take, in bytes. */
const OVERHEAD_BYTES = 256;

/** What all sessions of a gateway hold together, and who hears of losses. */
export interface Tally {
  /** Of messages that wait. */
  queuedBytes: number;
  /** Of messages that were sent and are not acknowledged. */
  inflightBytes: number;
  subscriptions: number;
  /** A message that was accepted will not be delivered. */
  lose(event: "mqtt.dropped" | "mqtt.conflated"): void;
}

/** Messages that wait until their client is there and has room, oldest first. */
export class Queue {
  #waiting: (Delivery | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  /** Messages that went before the first of `#waiting`: places are counted from the beginning of time. */
  #before = 0;
  /** Where the message of each topic waits, for those who want only the newest. */
  #places: Map<string, number> | undefined;

  constructor(readonly tally: Tally) {}

  get size(): number {
    return this.#waiting.length - this.#head;
  }

  /** Takes a delivery as far as the policy allows; false when it is not taken. */
  offer(delivery: Delivery, limits: MqttLimits): boolean {
    if (!this.makeRoom(delivery, limits, 0)) return false;
    this.push(delivery, limits);
    return true;
  }

  /**
   * True when there is room for a delivery, with at most `elsewhere` messages that have their
   * room outside of this queue, or, below 0, are on their way into it.
   */
  makeRoom(delivery: Delivery, limits: MqttLimits, elsewhere: number): boolean {
    if (this.#fits(delivery, limits, elsewhere)) return true;
    switch (limits.queuePolicy) {
      case "conflate":
        return this.#places?.has(delivery.publication.topic) === true;
      case "drop-oldest":
        return this.#sacrifice(delivery, limits, elsewhere);
    }
    return false;
  }

  /** Drops the oldest until `delivery` fits; nothing when that would not help. */
  #sacrifice(delivery: Delivery, limits: MqttLimits, elsewhere: number): boolean {
    const cost = costOf(delivery);
    if (
      limits.maxQueuedMessages + elsewhere < 1 || cost > limits.maxQueuedBytes ||
      this.tally.queuedBytes - this.#bytes + cost > limits.maxTotalQueuedBytes
    ) return false;
    while (!this.#fits(delivery, limits, elsewhere)) {
      const oldest = this.shift();
      if (oldest === undefined) break;
      settle(oldest);
      this.tally.lose("mqtt.dropped");
    }
    return true;
  }

  /** Takes a delivery for which there is room. */
  push(delivery: Delivery, limits: MqttLimits): void {
    const own = outliving(delivery);
    this.#count(costOf(own));
    if (limits.queuePolicy === "conflate" && this.#replace(own)) return;
    this.#waiting.push(own);
  }

  shift(): Delivery | undefined {
    if (this.size === 0) return undefined;
    const delivery = this.#waiting[this.#head]!;
    const { topic } = delivery.publication;
    if (this.#places?.get(topic) === this.#before + this.#head) this.#places.delete(topic);
    this.#waiting[this.#head++] = undefined;
    if (this.#head === this.#waiting.length || (this.#head > 1024 && this.#head > this.size)) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#before += this.#head;
      this.#head = 0;
    }
    this.#count(-costOf(delivery));
    return delivery;
  }

  /** Takes out what `wanted` says, in order. */
  extract(wanted: (delivery: Delivery) => boolean): Delivery[] {
    const all: Delivery[] = [], found: Delivery[] = [];
    for (let next = this.shift(); next !== undefined; next = this.shift()) {
      (wanted(next) ? found : all).push(next);
    }
    for (const each of all) {
      this.#count(costOf(each));
      this.#places?.set(each.publication.topic, this.#before + this.#waiting.length);
      this.#waiting.push(each);
    }
    return found;
  }

  /** Puts what waited before a restart in front of what has come since. */
  restore(deliveries: readonly Delivery[], limits: MqttLimits): void {
    const since = this.extract(() => true);
    for (const each of deliveries) this.push(each, limits);
    for (const each of since) this.push(each, limits);
  }

  clear(): void {
    this.#count(-this.#bytes);
    this.#waiting = [];
    this.#head = 0;
    this.#places = undefined;
  }

  #fits(delivery: Delivery, limits: MqttLimits, elsewhere: number): boolean {
    const cost = costOf(delivery);
    return this.size < limits.maxQueuedMessages + elsewhere &&
      this.#bytes + cost <= limits.maxQueuedBytes &&
      this.tally.queuedBytes + cost <= limits.maxTotalQueuedBytes;
  }

  /** Puts a delivery in the place of an older one of its topic, if one waits. */
  #replace(delivery: Delivery): boolean {
    const { topic } = delivery.publication, places = this.#places ??= new Map();
    const place = places.get(topic);
    if (place === undefined) {
      places.set(topic, this.#before + this.#waiting.length);
      return false;
    }
    const at = place - this.#before;
    this.#count(-costOf(this.#waiting[at]!));
    settle(this.#waiting[at]!);
    this.#waiting[at] = delivery;
    this.tally.lose("mqtt.conflated");
    return true;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.tally.queuedBytes += bytes;
  }
}

function costOf({ publication }: Delivery): number {
  return publication.payload.length + publication.topic.length + OVERHEAD_BYTES;
}

/** The same delivery holding on to nothing but its own bytes. */
export function outliving(delivery: Delivery): Delivery {
  const { publication } = delivery;
  const { topic, payload, time, contentType, properties } = publication;
  // A payload that shares its page with thousands of others would keep all of them.
  if (payload.length * 2 > payload.buffer.byteLength) return delivery;
  const own = publication.encode(ownPayload);
  return delivery.of(
    new Publication(topic, own, {
      qos: publication.qos,
      retain: publication.retain,
      time,
      contentType,
      properties,
    }),
  );
}

/** Made once for all the queues that a message waits in. */
function ownPayload({ payload }: Publication): Uint8Array {
  return payload.slice();
}
