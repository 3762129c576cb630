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

/** Messages that are somewhere else until their turn comes. */
export interface Page {
  readonly size: number;
  /** What they take as `bytesOf` says. */
  readonly bytes: number;
  read(): Delivery[];
}

const NOTHING: readonly Delivery[] = [], NO_PAGES: Page[] = [];

/** Messages that wait until their client is there and has room, oldest first. */
export class Queue {
  #waiting: (Delivery | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  /** Messages that went before the first of `#waiting`: places are counted from the beginning of time. */
  #before = 0;
  /** Where the message of each topic waits, for those who want only the newest. */
  #places: Map<string, number> | undefined;
  /** What waited before a restart, oldest first: on pages, and the one that is being read. */
  #pages: Page[] = NO_PAGES;
  #unread = 0;
  #read: readonly Delivery[] = NOTHING;
  #readAt = 0;

  constructor(readonly tally: Tally) {}

  get size(): number {
    return this.#unread + this.#read.length - this.#readAt + this.#waiting.length - this.#head;
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
    this.add(outliving(delivery), limits);
  }

  /** Takes a delivery that shares its memory with its neighbours only, or with nobody. */
  add(delivery: Delivery, limits: MqttLimits): void {
    this.#count(costOf(delivery));
    if (limits.queuePolicy === "conflate" && this.#replace(delivery)) return;
    this.#waiting.push(delivery);
  }

  shift(): Delivery | undefined {
    if (this.#pages.length > 0 || this.#read.length > 0) {
      const delivery = this.#shiftRead();
      if (delivery !== undefined) return delivery;
    }
    return this.#shiftWaiting();
  }

  #shiftWaiting(): Delivery | undefined {
    if (this.#head === this.#waiting.length) return undefined;
    const delivery = this.#waiting[this.#head]!;
    const { topic } = delivery.publication;
    if (this.#places?.get(topic) === this.#before + this.#head) this.#places.delete(topic);
    this.#waiting[this.#head++] = undefined;
    if (
      this.#head === this.#waiting.length ||
      (this.#head > 1024 && this.#head * 2 > this.#waiting.length)
    ) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#before += this.#head;
      this.#head = 0;
    }
    this.#count(-costOf(delivery));
    return delivery;
  }

  /** Takes out what `wanted` says of what has come since the start, in order. */
  extract(wanted: (delivery: Delivery) => boolean): Delivery[] {
    const all: Delivery[] = [], found: Delivery[] = [];
    for (let next = this.#shiftWaiting(); next !== undefined; next = this.#shiftWaiting()) {
      (wanted(next) ? found : all).push(next);
    }
    for (const each of all) {
      this.#count(costOf(each));
      this.#places?.set(each.publication.topic, this.#before + this.#waiting.length);
      this.#waiting.push(each);
    }
    return found;
  }

  /** Has `pages` in front of what it holds. */
  follow(pages: Page[], limits: MqttLimits): void {
    if (limits.queuePolicy === "conflate") return this.#conflateAll(pages, limits);
    this.#pages = pages;
    for (const { size, bytes } of pages) {
      this.#unread += size;
      this.#count(bytes);
    }
  }

  /** To find what replaces what, all must be at hand. */
  #conflateAll(pages: Page[], limits: MqttLimits): void {
    const since = this.extract(() => true);
    for (const page of pages) for (const each of page.read()) this.add(each, limits);
    for (const each of since) this.add(each, limits);
  }

  /** The next of the pages; undefined when all have been read. */
  #shiftRead(): Delivery | undefined {
    while (this.#readAt === this.#read.length && this.#pages.length > 0) {
      const page = this.#pages.shift()!;
      this.#read = page.read();
      this.#readAt = 0;
      this.#unread -= page.size;
      this.#count(-page.bytes);
      for (const each of this.#read) this.#count(costOf(each));
    }
    const delivery = this.#read[this.#readAt];
    if (delivery === undefined) return undefined;
    if (++this.#readAt === this.#read.length) {
      this.#read = NOTHING;
      this.#readAt = 0;
    }
    this.#count(-costOf(delivery));
    return delivery;
  }

  clear(): void {
    this.#count(-this.#bytes);
    this.#waiting = [];
    this.#head = 0;
    this.#pages = NO_PAGES;
    this.#read = NOTHING;
    this.#readAt = this.#unread = 0;
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

/** What a message takes while it waits, in bytes. */
export function bytesOf({ payload, topic }: { payload: Uint8Array; topic: string }): number {
  return payload.length + topic.length + OVERHEAD_BYTES;
}

function costOf({ publication }: Delivery): number {
  return bytesOf(publication);
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
