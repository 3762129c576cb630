import { Holdings } from "../../protocols/owner.ts";
import { Publication, type PublicationOptions } from "../../protocols/publication.ts";
import { type RetainedTree, RetainedUsage, sizeOf, weightOf } from "./retained_tree.ts";
import { Trie } from "./trie.ts";

/**
 * How many values may be stored, and how large. A publication that is one too many is answered
 * `overloaded`.
 *
 * @example Room for little
 * ```ts
 * import { gateway, type RetainedLimits } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const limits: Partial<RetainedLimits> = { maxRetainedBytes: 64 };
 * await using hub = gateway({ limits });
 * assert.equal(hub.publish("a", "x".repeat(100), { retain: true }), "overloaded");
 * assert.equal(hub.counters.get("retained.refused"), 1);
 * ```
 */
export interface RetainedLimits {
  /** Topics with a value; default 1,000,000. One of more than 8 levels counts for each 8 of them. */
  maxRetained: number;
  /** Bytes of all topics, payloads, content types and properties together; default 256 MiB. */
  maxRetainedBytes: number;
  /**
   * Those of one user; default 250,000. Whoever has no name is one user with all
   * who come from his address, for IPv6 from one /64. What the gateway itself stores is not counted.
   */
  maxRetainedPerUser: number;
  /** Bytes of those; default 64 MiB. */
  maxRetainedPerUserBytes: number;
  /** Limits of parts of the topic space; a value keeps to those of every part that it is in. */
  retainedTrees?: readonly RetainedTree[];
}

/**
 * 1,000,000 and 256 MiB: a large plant's whole state, and less than a small server's memory. One user
 * may have a quarter, so that nobody leaves the others without.
 */
export const retainedDefaults: RetainedLimits = {
  maxRetained: 1_000_000,
  maxRetainedBytes: 256 << 20,
  maxRetainedPerUser: 250_000,
  maxRetainedPerUserBytes: 64 << 20,
};

/** Milliseconds that pass at least between two searches for expired values: each looks at all. */
const SWEEP_INTERVAL_MS = 10_000;

/** A value, and whose it is: undefined for what counts for nobody. */
class Value extends Publication {
  constructor(
    topic: string,
    payload: Uint8Array,
    options: PublicationOptions,
    readonly owner: string | undefined,
  ) {
    super(topic, payload, options);
  }
}

/** The newest retained message of each topic. */
export class Retained {
  readonly #values = new Trie<Value>();
  readonly #all: RetainedUsage;
  readonly #everywhere: RetainedUsage[];
  readonly #trees: RetainedUsage[];
  readonly #holdings = new Holdings();
  readonly #most: { readonly count: number; readonly bytes: number };
  #sweptAt = 0;

  constructor(limits: RetainedLimits = retainedDefaults) {
    const { maxRetained: max, maxRetainedBytes: maxBytes, retainedTrees = [] } = limits;
    const { maxRetainedPerUser, maxRetainedPerUserBytes } = limits;
    this.#all = new RetainedUsage({ filter: "#", max, maxBytes });
    this.#everywhere = [this.#all];
    this.#trees = retainedTrees.map((tree) => new RetainedUsage(tree));
    this.#most = { count: maxRetainedPerUser, bytes: maxRetainedPerUserBytes };
  }

  get size(): number {
    return this.#values.size;
  }

  get bytes(): number {
    return this.#all.bytes;
  }

  /** Stores or, with an empty payload, clears (MQTT-3.3.1-6). False when there is no room. */
  set(publication: Publication, owner?: string): boolean {
    const { topic, payload, time } = publication;
    if (payload.length === 0) {
      this.#delete(topic);
      return true;
    }
    const usages = this.#usagesOf(topic), old = this.#values.get(topic);
    // Most values have the place of the one before, and no more bytes.
    const isAsBefore = old?.owner === owner && old !== undefined &&
      sizeOf(publication) <= sizeOf(old);
    if (!isAsBefore && !this.#fits(publication, owner, usages)) {
      // What has ended and was not asked for since may make room.
      if (time < this.#sweptAt + SWEEP_INTERVAL_MS) return false;
      this.#sweep(time);
      if (!this.#fits(publication, owner, usages)) return false;
    }
    this.#put(owned(publication, usages, isAsBefore ? old.owner : this.#known(owner)), usages);
    return true;
  }

  /** Stores what was stored before a restart; false when there is no room. */
  restore(publication: Publication, owner?: string): boolean {
    const { topic, payload } = publication, usages = this.#usagesOf(topic);
    // Whoever had it may keep it, be the limits of each user lower by now.
    if (!this.#fits(publication, undefined, usages)) return false;
    this.#put(new Value(topic, payload, publication, this.#known(owner)), usages);
    return true;
  }

  /** Whose the value of a topic is. */
  ownerOf(topic: string): string | undefined {
    return this.#values.get(topic)?.owner;
  }

  /** The value of one topic, even one that has expired. */
  stored(topic: string): Publication | undefined {
    return this.#values.get(topic);
  }

  /** The value of one topic, unless it has expired. */
  get(topic: string, now: number): Publication | undefined {
    const value = this.#values.get(topic);
    return value && !expired(value, now) ? value : undefined;
  }

  /** The values that a filter selects, lazily: the receiver takes them as it has room. */
  *matching(filter: string, now: number): IterableIterator<Publication> {
    for (const value of this.search(filter, now)) if (value !== undefined) yield value;
  }

  /** The same, and undefined now and then while there is none. */
  *search(filter: string, now: number): IterableIterator<Publication | undefined> {
    for (const value of this.#values.search(filter)) {
      yield value !== undefined && expired(value, now) ? undefined : value;
    }
  }

  #usagesOf(topic: string): RetainedUsage[] {
    if (this.#trees.length === 0) return this.#everywhere;
    return [...this.#everywhere, ...this.#trees.filter((tree) => tree.selects(topic))];
  }

  #fits(publication: Publication, owner: string | undefined, usages: RetainedUsage[]): boolean {
    const old = this.#values.get(publication.topic);
    const bytes = sizeOf(publication) - (old === undefined ? 0 : sizeOf(old));
    const room = (usage: RetainedUsage) =>
      usage.hasRoom(old === undefined ? this.#weightIn(usage, publication) : 0, bytes);
    return usages.every(room) && (owner === undefined || this.#mayHave(owner, publication, old));
  }

  #mayHave(owner: string, publication: Publication, old: Value | undefined): boolean {
    const { count, bytes } = this.#holdings.of(owner), isOwn = old?.owner === owner;
    return count + (isOwn ? 0 : weightOf(publication)) <= this.#most.count &&
      bytes + sizeOf(publication) - (isOwn ? sizeOf(old) : 0) <= this.#most.bytes;
  }

  /** The same name, but one for all that its user has. */
  #known(owner: string | undefined): string | undefined {
    return owner && this.#holdings.of(owner).owner;
  }

  #put(value: Value, usages: RetainedUsage[]): void {
    const old = this.#values.get(value.topic);
    this.#values.set(value.topic, value);
    if (old === undefined) return this.#count(value, 1, usages);
    if (old.owner === value.owner && sizeOf(old) === sizeOf(value)) return;
    this.#count(old, -1, usages);
    this.#count(value, 1, usages);
  }

  #delete(topic: string): void {
    const old = this.#values.get(topic);
    if (old === undefined) return;
    this.#values.delete(topic);
    this.#count(old, -1, this.#usagesOf(topic));
  }

  #count(value: Value, sign: 1 | -1, usages: RetainedUsage[]): void {
    const bytes = sign * sizeOf(value), { owner } = value;
    for (const usage of usages) usage.add(sign * this.#weightIn(usage, value), bytes);
    if (owner !== undefined) this.#holdings.add(owner, sign * weightOf(value), bytes);
  }

  /** Limits that somebody set for a part of the space are of topics, however deep they are. */
  #weightIn(usage: RetainedUsage, value: Publication): number {
    return usage === this.#all ? weightOf(value) : 1;
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    // `#` selects no topic that begins with `$`.
    for (const value of [...this.#values.values()]) {
      if (expired(value, now)) this.#delete(value.topic);
    }
  }
}

/** True for a value whose Message Expiry Interval has passed (MQTT 5.0 §3.3.2.3.3). */
export function expired({ time, properties }: Publication, now: number): boolean {
  const seconds = properties?.expirySeconds;
  return seconds !== undefined && now >= time + seconds * 1000;
}

/** A copy: a small payload shares its page with others, which a stored one must not keep alive. */
function owned(
  publication: Publication,
  usages: RetainedUsage[],
  owner: string | undefined,
): Value {
  const { topic, payload, qos, retain, time, contentType } = publication;
  let { properties } = publication;
  const most = Math.min(...usages.map(({ tree }) => tree.expirySeconds ?? Infinity));
  if (most < (properties?.expirySeconds ?? Infinity)) {
    properties = { ...properties, expirySeconds: most };
  }
  // A reference would keep the publisher alive, too: its name is enough.
  const origin = (publication.origin as { name?: string } | undefined)?.name;
  return new Value(topic, payload.slice(), {
    qos,
    retain,
    time,
    contentType,
    properties,
    origin,
  }, owner);
}
