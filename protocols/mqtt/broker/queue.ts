import type { Entry, MessageRecord, Shelf } from "../../journal.ts";
import type { Delivery } from "../../publication.ts";
import { attachedBytes, type Publication } from "../../publication.ts";
import type { MqttLimits } from "../limits.ts";
import { Backlog, type Page } from "./backlog.ts";
import { isExpired } from "./message.ts";
import { outliving } from "./outliving.ts";
import { type SessionLog, settle, StoredDelivery, storedFrom } from "./session_log.ts";
import type { Tally } from "./tally.ts";

/** Bytes that the objects around a waiting message take. */
const OVERHEAD_BYTES = 256;

/** 1,024 places may be empty before the array is shortened: for fewer a copy is not worth it. */
const COMPACTED_MESSAGES = 1024;

/** Messages that wait until their client is connected and has room, oldest first. */
export class Queue implements Shelf {
  /** Messages in memory; those before `#head` have gone. */
  #waiting: (Delivery | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  /** The place of `#waiting[0]`: places count all messages ever, so they stay the same. */
  #before = 0;
  /** With the policy `conflate`, the place at which a message of each topic waits. */
  #places: Map<string, number> | undefined;
  /** Messages before those of `#waiting`, on pages that are read back when they are needed. */
  #backlog: Backlog | undefined;
  /**
   * From this place on, messages may still share memory with others: the journal has not come to
   * them.
   */
  #shelved = 0;

  constructor(readonly tally: Pick<Tally, "queuedBytes" | "lose">) {}

  get size(): number {
    return (this.#backlog?.size ?? 0) + this.#waiting.length - this.#head;
  }

  /** Queues a delivery as far as the policy allows; false when it is not queued. */
  offer(delivery: Delivery, limits: MqttLimits): boolean {
    if (!this.makeRoom(delivery, limits, 0)) return false;
    this.push(delivery, limits);
    return true;
  }

  /**
   * True when there is room for a delivery, which the policy may make. `elsewhere` is for how many
   * messages more there is room outside of this queue; negative for messages on their way into it.
   */
  makeRoom(delivery: Delivery, limits: MqttLimits, elsewhere: number): boolean {
    if (this.#fits(delivery, limits, elsewhere)) return true;
    if (this.#dropExpired(delivery.publication.time) && this.#fits(delivery, limits, elsewhere)) {
      return true;
    }
    switch (limits.queuePolicy) {
      case "conflate":
        return this.#places?.has(delivery.publication.topic) === true;
      case "drop-oldest":
        return this.#sacrifice(delivery, limits, elsewhere);
    }
    return false;
  }

  /**
   * Drops messages that have expired, which take nobody's room [MQTT-3.3.2-5]; false when there are
   * none.
   */
  #dropExpired(now: number): boolean {
    const { size } = this;
    for (
      let oldest = this.#peek();
      oldest !== undefined && isExpired(oldest.publication, now);
      oldest = this.#peek()
    ) settle(this.shift()!);
    return this.size < size;
  }

  /** Drops the oldest messages until `delivery` fits; none at all when that would not help. */
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

  /** Queues a delivery for which there is room. */
  push(delivery: Delivery, limits: MqttLimits): void {
    this.add(outliving(delivery), limits);
  }

  /**
   * Queues a delivery for which there is room, and records it in the journal. Once it is recorded,
   * it need not stay in memory until it is sent.
   */
  shelve(delivery: StoredDelivery, log: SessionLog, limits: MqttLimits): void {
    // Newer messages take the places of older ones here, so no page would ever stay complete.
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

  /** Queues a delivery whose payload shares memory with its neighbours here at most. */
  add(delivery: Delivery, limits: MqttLimits): void {
    this.#count(costOf(delivery));
    if (limits.queuePolicy === "conflate" && this.#replace(delivery)) return;
    this.#waiting.push(delivery);
  }

  shift(): Delivery | undefined {
    return this.#shiftBacklog() ?? this.#shiftWaiting();
  }

  #peek(): Delivery | undefined {
    const oldest = this.#backlog?.peek((page, all) => this.#count(sumOf(all) - page.bytes));
    return oldest ?? this.#waiting[this.#head];
  }

  #shiftBacklog(): Delivery | undefined {
    const delivery = this.#backlog?.shift((page, all) => this.#count(sumOf(all) - page.bytes));
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

  /** Shortens the array once nothing is left in it, or more than half of it has gone. */
  #compact(): void {
    if (
      this.#head === this.#waiting.length ||
      (this.#head > COMPACTED_MESSAGES && this.#head * 2 > this.#waiting.length)
    ) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#before += this.#head;
      this.#head = 0;
    }
  }

  /** Takes out, in order, those of the messages in memory that are `wanted`. */
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

  /** Puts `pages` in front of everything that it holds. */
  follow(pages: readonly Page[], limits: MqttLimits): void {
    if (limits.queuePolicy === "conflate") return this.#conflateAll(pages, limits);
    (this.#backlog ??= new Backlog()).precede(pages, sumOf);
    for (const { bytes } of pages) this.#count(bytes);
  }

  /** Reads all pages: whether a newer message replaces one of them shows only in memory. */
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

  /** Makes a page, which stays in memory, of messages that were not recorded together. */
  #shelveObjects(end: number): void {
    const older = this.#waiting.slice(this.#head, end) as Delivery[];
    this.#waiting.fill(undefined, this.#head, end);
    this.#pushPage({ size: older.length, bytes: sumOf(older), read: () => older });
  }

  #pushPage(page: Page): void {
    (this.#backlog ??= new Backlog()).push(page);
  }

  /** Gives messages that stay in memory payloads of their own, which keep no others alive. */
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

  /** Puts a delivery in the place of an older one of its topic; false when none waits. */
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

/** Bytes that a message takes while it waits. */
export function bytesOf(publication: Publication): number {
  return bareBytesOf(publication) + attachedBytes(publication);
}

/** The same for a message with nothing beside its topic and payload. */
export function bareBytesOf({ topic, payload }: Pick<Publication, "topic" | "payload">): number {
  return payload.length + topic.length + OVERHEAD_BYTES;
}

function costOf({ publication }: Delivery): number {
  return bytesOf(publication);
}

function sumOf(deliveries: readonly Delivery[]): number {
  return deliveries.reduce((sum, each) => sum + costOf(each), 0);
}
