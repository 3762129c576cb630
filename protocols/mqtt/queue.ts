import type { Entry, MessageRecord, Shelf } from "../journal.ts";
import type { Delivery } from "../publication.ts";
import { attachedBytes, type Publication } from "../publication.ts";
import { Backlog, type Page } from "./backlog.ts";
import type { MqttLimits } from "./limits.ts";
import type { Holdings } from "../owner.ts";
import { outliving } from "./outliving.ts";
import { type SessionLog, settle, StoredDelivery, storedFrom } from "./session_log.ts";

/** What the objects around a waiting message take, in bytes. */
const OVERHEAD_BYTES = 256;

/** What all sessions of a gateway hold together, and who hears of losses. */
export interface Tally {
  /** Of messages that wait. */
  queuedBytes: number;
  /** Of messages that were sent and are not acknowledged. */
  inflightBytes: number;
  subscriptions: number;
  subscriptionBytes: number;
  /** Sessions that outlive their connections, and wills, by whose they are. */
  readonly holdings: Holdings;
  /** A message that was accepted will not be delivered. */
  lose(event: "mqtt.dropped" | "mqtt.conflated"): void;
}

/** Messages that wait until their client is there and has room, oldest first. */
export class Queue implements Shelf {
  #waiting: (Delivery | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  /** Messages that went before the first of `#waiting`: places are counted from the beginning of time. */
  #before = 0;
  /** Where the message of each topic waits, for those who want only the newest. */
  #places: Map<string, number> | undefined;
  /** What went before: written down before a restart, or since. */
  #backlog: Backlog | undefined;
  /** The place from which messages share their memory until they are written down. */
  #shelved = 0;

  constructor(readonly tally: Pick<Tally, "queuedBytes" | "lose">) {}

  get size(): number {
    return (this.#backlog?.size ?? 0) + this.#waiting.length - this.#head;
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

  /**
   * Takes a delivery for which there is room, and has it written down: as long as nobody asks for it,
   * what was written is enough.
   */
  shelve(delivery: StoredDelivery, log: SessionLog, limits: MqttLimits): void {
    // Where the newest takes the place of another, no page is ever complete.
    if (limits.queuePolicy === "conflate") {
      this.push(delivery, limits);
      return log.keep(delivery);
    }
    this.add(delivery, limits);
    log.keep(delivery, this);
  }

  exchange(entries: readonly Entry[], read?: () => readonly MessageRecord[]): void {
    const at = Math.max(this.#head, this.#shelved - this.#before), end = at + entries.length;
    if (read === undefined || this.#places !== undefined || !this.#holds(entries, at)) {
      return this.#keepAll();
    }
    const { journal } = this.#waiting[at] as StoredDelivery;
    if (at > this.#head) this.#shelveObjects(at);
    let bytes = 0;
    for (let each = at; each < end; each++) {
      bytes += costOf(this.#waiting[each]!);
      this.#waiting[each] = undefined;
    }
    this.#pushPage({
      size: entries.length,
      bytes,
      read: () => read().map((each) => storedFrom(each, journal)),
    });
    this.#shelved = this.#before + end;
    this.#head = end;
    this.#compact();
  }

  /** Takes a delivery that shares its memory with its neighbours only, or with nobody. */
  add(delivery: Delivery, limits: MqttLimits): void {
    this.#count(costOf(delivery));
    if (limits.queuePolicy === "conflate" && this.#replace(delivery)) return;
    this.#waiting.push(delivery);
  }

  shift(): Delivery | undefined {
    return this.#shiftBacklog() ?? this.#shiftWaiting();
  }

  #shiftBacklog(): Delivery | undefined {
    const delivery = this.#backlog?.shift((page, deliveries) =>
      this.#count(sumOf(deliveries) - page.bytes)
    );
    if (delivery === undefined) this.#backlog = undefined;
    else this.#count(-costOf(delivery));
    return delivery;
  }

  #shiftWaiting(): Delivery | undefined {
    if (this.#head === this.#waiting.length) return undefined;
    const delivery = this.#waiting[this.#head]!;
    const { topic } = delivery.publication;
    if (this.#places?.get(topic) === this.#before + this.#head) this.#places.delete(topic);
    this.#waiting[this.#head++] = undefined;
    this.#compact();
    this.#count(-costOf(delivery));
    return delivery;
  }

  /** Forgets the places of what has gone. */
  #compact(): void {
    if (
      this.#head === this.#waiting.length ||
      (this.#head > 1024 && this.#head * 2 > this.#waiting.length)
    ) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#before += this.#head;
      this.#head = 0;
    }
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
    this.#keepAll();
    return found;
  }

  /** Has `pages` in front of what it holds. */
  follow(pages: readonly Page[], limits: MqttLimits): void {
    if (limits.queuePolicy === "conflate") return this.#conflateAll(pages, limits);
    (this.#backlog ??= new Backlog()).precede(pages, sumOf);
    for (const { bytes } of pages) this.#count(bytes);
  }

  /** To find what replaces what, all must be at hand. */
  #conflateAll(pages: readonly Page[], limits: MqttLimits): void {
    const since = this.extract(() => true);
    for (const page of pages) for (const each of page.read()) this.add(each, limits);
    for (const each of since) this.add(each, limits);
  }

  /** True when `entries` are those of the messages from `at` on. */
  #holds(entries: readonly Entry[], at: number): boolean {
    if (at + entries.length > this.#waiting.length) return false;
    return entries.every((entry, index) => {
      const delivery = this.#waiting[at + index];
      return delivery instanceof StoredDelivery && delivery.entry === entry;
    });
  }

  /** Messages that came too slowly to be written down together are a page as they are. */
  #shelveObjects(end: number): void {
    const older = this.#waiting.slice(this.#head, end) as Delivery[];
    this.#waiting.fill(undefined, this.#head, end);
    this.#pushPage({ size: older.length, bytes: sumOf(older), read: () => older });
  }

  #pushPage(page: Page): void {
    (this.#backlog ??= new Backlog()).push(page);
  }

  /** What nobody gives a page for keeps nothing but its own memory from now on. */
  #keepAll(): void {
    for (let at = Math.max(this.#head, this.#shelved - this.#before); at < this.#waiting.length;) {
      this.#waiting[at] = outliving(this.#waiting[at++]!);
    }
    this.#shelved = this.#before + this.#waiting.length;
  }

  clear(): void {
    this.#count(-this.#bytes);
    this.#waiting = [];
    this.#head = 0;
    this.#backlog = this.#places = undefined;
    this.#shelved = this.#before = 0;
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
export function bytesOf(publication: Publication): number {
  return bareBytesOf(publication) + attachedBytes(publication);
}

/** The same of one that has nothing beside its topic and payload. */
export function bareBytesOf({ topic, payload }: Pick<Publication, "topic" | "payload">): number {
  return payload.length + topic.length + OVERHEAD_BYTES;
}

function costOf({ publication }: Delivery): number {
  return bytesOf(publication);
}

function sumOf(deliveries: readonly Delivery[]): number {
  return deliveries.reduce((sum, each) => sum + costOf(each), 0);
}
