import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { HistoryQuestion } from "../../protocols/history.ts";
import type { Publication } from "../../protocols/publication.ts";
import { matches } from "../../protocols/topic.ts";
import { fromRow, type MessageRow } from "./rows.ts";

/**
 * Which messages a store remembers, and for how long. The first rule that selects a topic counts.
 *
 * @example The last two readings
 * ```ts
 * import { gateway, type HistoryRule, http, sqliteStore, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const rule: HistoryRule = { filter: "sensors/#", keepMs: 86_400_000, max: 10_000 };
 * const file = `${await Deno.makeTempDir()}/meerkat.db`;
 * await using hub = gateway({ store: sqliteStore(file, { history: [rule] }) });
 * for (const celsius of ["21.0", "21.5", "22.0"]) hub.publish("sensors/attic", celsius);
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}/topics/sensors/attic?since=1h&limit=2`;
 * const past: { payload: string }[] = await (await fetch(url)).json();
 * assert.deepEqual(past.map(({ payload }) => payload), ["21.5", "22.0"]);
 * ```
 */
export interface HistoryRule {
  /** The filter that selects its topics. */
  readonly filter: string;
  /** Milliseconds for which a message is remembered; Infinity for ever. */
  readonly keepMs: number;
  /** Messages of all its topics together; Infinity for as many as there is room for. */
  readonly max: number;
}

/** Rows looked at for one question whose filter has wildcards: some milliseconds of work. */
const MAX_SCANNED = 2_000;
/** Bytes of the payloads of one answer: a thousand messages may have 1 MiB each. */
const MAX_BYTES = 16 << 20;

/** Messages remembered that the store does not have yet. */
interface Fresh {
  readonly batch: number;
  readonly number: number;
  readonly publication: Publication;
}

/** What is known of a message before it is read. */
type Row = Omit<MessageRow, "payload" | "extra"> & {
  readonly number: number;
  readonly size: number;
};

/** Answers what was published. */
export class HistoryReader {
  readonly #one: StatementSync;
  /** What there is, but for its payload: of most it is the topic only that is looked at. */
  readonly #all: StatementSync;
  readonly #rest: StatementSync;
  #fresh: Fresh[] = [];

  constructor(database: DatabaseSync, readonly rules: readonly HistoryRule[]) {
    const columns = "SELECT number, topic, flags, time, " +
      "length(payload) + ifnull(length(extra), 0) AS size FROM history";
    const order = "ORDER BY number DESC LIMIT ?";
    this.#one = database.prepare(`${columns} WHERE topic = ? AND time >= ? ${order}`);
    this.#all = database.prepare(`${columns} WHERE time >= ? ${order}`);
    this.#rest = database.prepare("SELECT payload, extra FROM history WHERE number = ?");
  }

  /** The rule that a topic falls under; -1 for none. */
  ruleOf(topic: string): number {
    return this.rules.findIndex(({ filter }) => matches(filter, topic));
  }

  add(publication: Publication, number: number, batch: number): void {
    this.#fresh.push({ publication, number, batch });
  }

  committed(batch: number): void {
    if (this.#fresh.length === 0) return;
    const first = this.#fresh.findIndex((each) => each.batch > batch);
    this.#fresh = first < 0 ? [] : this.#fresh.slice(first);
  }

  read(filter: string, { since, limit }: HistoryQuestion, now: number): Publication[] {
    const wild = /[+#]/.test(filter);
    const rows =
      (wild
        ? this.#all.all(since, MAX_SCANNED)
        : this.#one.all(filter, since, limit)) as unknown as Row[];
    const wanted = rows.filter(({ topic }) => !wild || matches(filter, topic)).slice(0, limit);
    const found = this.#newest(wanted).reverse().flatMap((row) => this.#read(row));
    // The store may have some already, and not have said so yet: all up to its newest.
    const newest = rows[0]?.number ?? -1;
    for (const { publication, number } of this.#fresh) {
      if (number <= newest) continue;
      if (publication.time >= since && matches(filter, publication.topic)) found.push(publication);
    }
    return found.filter((each) => this.#isKept(each, now)).slice(-limit);
  }

  /** As many of them as may be sent at once. */
  #newest(rows: Row[]): Row[] {
    let bytes = 0;
    const end = rows.findIndex(({ size }) => (bytes += size) > MAX_BYTES);
    return end < 0 ? rows : rows.slice(0, end);
  }

  /** Nothing for what has gone since it was found. */
  #read({ number, ...row }: Row): Publication[] {
    const rest = this.#rest.get(number) as unknown as
      | Pick<MessageRow, "payload" | "extra">
      | undefined;
    return rest === undefined ? [] : [fromRow({ ...row, ...rest }).publication];
  }

  #isKept({ topic, time, properties }: Publication, now: number): boolean {
    const keepMs = this.rules[this.ruleOf(topic)]?.keepMs ?? 0;
    return now - time <= Math.min(keepMs, (properties?.expirySeconds ?? Infinity) * 1000);
  }
}
