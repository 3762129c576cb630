import { attachedBytes, type Publication } from "../../protocols/publication.ts";
import { levelsOf, matches } from "../../protocols/topic.ts";

/**
 * How many values one part of the topic space may hold, how large, and for how long.
 *
 * @example At most two sensors, each for a day
 * ```ts
 * import { gateway, type RetainedTree } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const sensors: RetainedTree = { filter: "sensors/#", max: 2, expirySeconds: 86_400 };
 * await using hub = gateway({ limits: { retainedTrees: [sensors] } });
 * for (const each of [1, 2]) hub.publish(`sensors/${each}`, "on", { retain: true });
 * assert.equal(hub.publish("sensors/3", "on", { retain: true }), "overloaded");
 * ```
 */
export interface RetainedTree {
  /** The filter that selects its topics. */
  readonly filter: string;
  /** Topics with a value; default: no limit of its own. */
  readonly max?: number;
  /**
   * Bytes of topics, payloads, content types and properties together; default: no limit of its own.
   */
  readonly maxBytes?: number;
  /** Seconds for which a value is kept at most; default: as long as its publisher says. */
  readonly expirySeconds?: number;
}

/** One part of the topic space, and what its values take. */
export class RetainedUsage {
  values = 0;
  bytes = 0;

  constructor(readonly tree: RetainedTree) {}

  selects(topic: string): boolean {
    return matches(this.tree.filter, topic);
  }

  /** True when there is room for so many more values and bytes. */
  hasRoom(values: number, bytes: number): boolean {
    const { max = Infinity, maxBytes = Infinity } = this.tree;
    return this.values + values <= max && this.bytes + bytes <= maxBytes;
  }

  add(values: number, bytes: number): void {
    this.values += values;
    this.bytes += bytes;
  }
}

/** Levels of a topic that count as one value: each takes as much as a short value. */
const LEVELS = 8;

/** How many values one counts as: the levels of its topic are held, too. */
export function weightOf({ topic }: Publication): number {
  return Math.ceil(levelsOf(topic) / LEVELS);
}

/** What a stored value takes, in bytes. */
export function sizeOf(publication: Publication): number {
  const { topic, payload } = publication;
  return topic.length + payload.length + attachedBytes(publication);
}
