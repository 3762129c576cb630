import { Publication } from "../protocols/publication.ts";
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
  /** Bytes of all topics and payloads together; default 256 MiB. */
  maxRetainedBytes: number;
}

/** 1,000,000 and 256 MiB: a large plant's whole state, and less than a small server's memory. */
export const retainedDefaults: RetainedLimits = {
  maxRetained: 1_000_000,
  maxRetainedBytes: 256 << 20,
};

/** The newest retained message of each topic. */
export class Retained {
  readonly #values = new Trie<Publication>();
  #bytes = 0;

  constructor(readonly limits: RetainedLimits = retainedDefaults) {}

  get size(): number {
    return this.#values.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Stores or, with an empty payload, clears (MQTT-3.3.1-6). False when there is no room. */
  set(publication: Publication): boolean {
    const { topic, payload } = publication;
    const old = this.#values.get(topic);
    const bytes = this.#bytes - (old ? sizeOf(old) : 0);
    if (payload.length === 0) {
      if (this.#values.delete(topic)) this.#bytes = bytes;
      return true;
    }
    const after = bytes + sizeOf(publication);
    const { maxRetained, maxRetainedBytes } = this.limits;
    if (after > maxRetainedBytes || (!old && this.#values.size >= maxRetained)) return false;
    this.#values.set(topic, owned(publication));
    this.#bytes = after;
    return true;
  }

  /** The value of one topic, unless it has expired. */
  get(topic: string, now: number): Publication | undefined {
    const value = this.#values.get(topic);
    return value && !expired(value, now) ? value : undefined;
  }

  /** The values that a filter selects, lazily: the receiver takes them as it has room. */
  *matching(filter: string, now: number): IterableIterator<Publication> {
    for (const value of this.#values.selectedBy(filter)) {
      if (!expired(value, now)) yield value;
    }
  }
}

function sizeOf({ topic, payload }: Publication): number {
  return topic.length + payload.length;
}

function expired({ time, properties }: Publication, now: number): boolean {
  const seconds = properties?.expirySeconds;
  return seconds !== undefined && now >= time + seconds * 1000;
}

/** A copy: a small payload shares its page with others, which a stored one must not keep alive. */
function owned(publication: Publication): Publication {
  const { topic, payload, qos, retain, time, contentType, properties } = publication;
  // Nor must it keep its publisher alive, so it has no origin.
  return new Publication(topic, payload.slice(), { qos, retain, time, contentType, properties });
}
