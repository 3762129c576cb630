import type { DatabaseSync } from "node:sqlite";
import { matches } from "../../protocols/topic.ts";
import type { HistoryEntry, HistoryQuestion } from "../ledger.ts";
import { fromRow, type MessageRow } from "./rows.ts";

/**
 * Which messages are remembered, and how long. Of several rules the first that selects a topic counts.
 *
 * @example Ten thousand readings, but none from yesterday
 * ```ts
 * import type { HistoryRule } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const rule: HistoryRule = { filter: "sensors/#", keepMs: 86_400_000, max: 10_000 };
 * assert.equal(rule.keepMs, 24 * 60 * 60 * 1000);
 * ```
 */
export interface HistoryRule {
  /** The topics that it is about. */
  readonly filter: string;
  /** Milliseconds that a message is remembered; Infinity for ever. */
  readonly keepMs: number;
  /** Messages of all its topics together; Infinity for as many as there is room for. */
  readonly max: number;
}

/** Rows looked at for one question whose filter has wildcards. */
const MAX_SCANNED = 20_000;

type HistoryRow = MessageRow & { readonly number: number };

/** Answers what was published. */
export class HistoryReader {
  constructor(readonly database: DatabaseSync, readonly rules: readonly HistoryRule[]) {}

  read({ filter, since, after, limit }: HistoryQuestion, now: number): HistoryEntry[] {
    const wild = /[+#]/.test(filter);
    const from = after ?? -1;
    const rows = wild ? this.#all(from, since ?? 0) : this.#one(filter, from, since ?? 0, limit);
    const found: HistoryEntry[] = [];
    for (const row of rows) {
      if (wild && !matches(filter, row.topic)) continue;
      const { publication } = fromRow(row), { topic, time, properties } = publication;
      const rule = this.rules.find((each) => matches(each.filter, topic));
      const seconds = properties?.expirySeconds ?? Infinity;
      if (now - time > Math.min(rule?.keepMs ?? 0, seconds * 1000)) continue;
      found.push({ number: row.number, publication });
    }
    // The newest, where there are more than were asked for; those that follow an entry, where one is named.
    const most = found.length - limit;
    return most <= 0 ? found : after === undefined ? found.slice(most) : found.slice(0, limit);
  }

  #one(topic: string, after: number, since: number, limit: number): HistoryRow[] {
    const order = after < 0 ? "DESC" : "ASC";
    const rows = this.database.prepare(
      `SELECT number, topic, payload, flags, time, extra FROM history
       WHERE topic = ? AND number > ? AND time >= ? ORDER BY number ${order} LIMIT ?`,
    ).all(topic, after, since, limit) as unknown as HistoryRow[];
    return after < 0 ? rows.reverse() : rows;
  }

  #all(after: number, since: number): HistoryRow[] {
    return (this.database.prepare(
      `SELECT number, topic, payload, flags, time, extra FROM history
       WHERE number > ? AND time >= ? ORDER BY number DESC LIMIT ?`,
    ).all(after, since, MAX_SCANNED) as unknown as HistoryRow[]).reverse();
  }
}
