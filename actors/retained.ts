import { Publication } from "../protocols/publication.ts";
import { type RetainedTree, RetainedUsage, sizeOf } from "./retained_tree.ts";
import { Trie } from "./trie.ts";

/**
 * What the stored values may take together. A publication beyond it is answered `overloaded`.
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
  /** Topics with a value; default 1,000,000. */
  maxRetained: number;
  /** Bytes of all topics, payloads, content types and properties together; default 256 MiB. */
  maxRetainedBytes: number;
  /** Limits of parts of the topic space; a value keeps to those of every part that it is in. */
  retainedTrees?: readonly RetainedTree[];
}

/** 1,000,000 and 256 MiB: a large plant's whole state, and less than a small server's memory. */
export const retainedDefaults: RetainedLimits = {
  maxRetained: 1_000_000,
  maxRetainedBytes: 256 << 20,
};

/** Milliseconds between two searches for values that have ended: each looks at all of them. */
const SWEEP_INTERVAL_MS = 10_000;

/** The newest retained message of each topic. */
export class Retained {
  readonly #values = new Trie<Publication>();
  readonly #all: RetainedUsage;
  readonly #everywhere: RetainedUsage[];
  readonly #trees: RetainedUsage[];
  #sweptAt = 0;

  constructor(limits: RetainedLimits = retainedDefaults) {
    const { maxRetained: max, maxRetainedBytes: maxBytes, retainedTrees = [] } = limits;
    this.#all = new RetainedUsage({ filter: "#", max, maxBytes });
    this.#everywhere = [this.#all];
    this.#trees = retainedTrees.map((tree) => new RetainedUsage(tree));
  }

  get size(): number {
    return this.#values.size;
  }

  get bytes(): number {
    return this.#all.bytes;
  }

  /** Stores or, with an empty payload, clears (MQTT-3.3.1-6). False when there is no room. */
  set(publication: Publication): boolean {
    const { topic, payload, time } = publication;
    if (payload.length === 0) {
      this.#delete(topic);
      return true;
    }
    const usages = this.#usagesOf(topic);
    if (!this.#fits(publication, usages)) {
      // What has ended and was not asked for since may make room.
      if (time < this.#sweptAt + SWEEP_INTERVAL_MS) return false;
      this.#sweep(time);
      if (!this.#fits(publication, usages)) return false;
    }
    const old = this.#values.get(topic);
    const bytes = sizeOf(publication) - (old === undefined ? 0 : sizeOf(old));
    for (const usage of usages) usage.add(old === undefined ? 1 : 0, bytes);
    this.#values.set(topic, owned(publication, usages));
    return true;
  }

  /** Stores what was stored before a restart; false when there is no room. */
  restore(publication: Publication): boolean {
    const usages = this.#usagesOf(publication.topic);
    if (!this.#fits(publication, usages)) return false;
    for (const usage of usages) usage.add(1, sizeOf(publication));
    this.#values.set(publication.topic, publication);
    return true;
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

  #fits(publication: Publication, usages: RetainedUsage[]): boolean {
    const old = this.#values.get(publication.topic);
    const bytes = sizeOf(publication) - (old === undefined ? 0 : sizeOf(old));
    return usages.every((usage) => usage.hasRoom(old === undefined ? 1 : 0, bytes));
  }

  #delete(topic: string): void {
    const old = this.#values.get(topic);
    if (old === undefined) return;
    this.#values.delete(topic);
    for (const usage of this.#usagesOf(topic)) usage.add(-1, -sizeOf(old));
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const filter of ["#", "$SYS/#"]) {
      for (const value of [...this.#values.selectedBy(filter)]) {
        if (expired(value, now)) this.#delete(value.topic);
      }
    }
  }
}

/** True for a value that has ended (MQTT 5.0 §3.3.2.3.3). */
export function expired({ time, properties }: Publication, now: number): boolean {
  const seconds = properties?.expirySeconds;
  return seconds !== undefined && now >= time + seconds * 1000;
}

/** A copy: a small payload shares its page with others, which a stored one must not keep alive. */
function owned(publication: Publication, usages: RetainedUsage[]): Publication {
  const { topic, payload, qos, retain, time, contentType } = publication;
  let { properties } = publication;
  const most = Math.min(...usages.map(({ tree }) => tree.expirySeconds ?? Infinity));
  if (most < (properties?.expirySeconds ?? Infinity)) {
    properties = { ...properties, expirySeconds: most };
  }
  // Nor must it keep its publisher alive, so it knows only a name.
  const origin = (publication.origin as { name?: string } | undefined)?.name;
  return new Publication(topic, payload.slice(), {
    qos,
    retain,
    time,
    contentType,
    properties,
    origin,
  });
}
