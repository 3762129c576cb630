import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setTimeout } from "node:timers";
import type { Batch } from "./batch.ts";
import { openDatabase } from "./database.ts";
import type { OpenWriter, WriterAnswer } from "./messages.ts";
import { changeNames, changes, valuesOf } from "./schema.ts";

interface Prepared {
  readonly statement: StatementSync;
  readonly values: number;
  readonly blob: number;
}

/** Writes batches, each in one transaction; what cannot be written is kept and tried again. */
export class StoreWriter {
  #database: DatabaseSync | undefined;
  #prepared: Prepared[] = [];
  /** Batches that could not be written. */
  #waiting: Batch[] = [];
  #retryMs = 1_000;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly answer: (answer: WriterAnswer) => void) {}

  take(message: OpenWriter | Batch | { kind: "close" }): void {
    if (!("kind" in message)) {
      this.#waiting.push(message);
      this.#write();
    } else if (message.kind === "open") this.#open(message);
    else this.#close();
  }

  #open({ file, fsync, maxPages, retryMs }: OpenWriter): void {
    const database = this.#database = openDatabase(file, { fsync });
    if (maxPages > 0) database.exec(`PRAGMA max_page_count = ${maxPages}`);
    this.#retryMs = retryMs;
    this.#prepared = changeNames.map((name) => {
      const change: { sql: string; blob?: number; values?: number } = changes[name];
      return {
        statement: database.prepare(change.sql),
        values: valuesOf(change),
        blob: change.blob ?? -1,
      };
    });
    this.answer({ kind: "open" });
  }

  #write(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.length === 0) return;
    const database = this.#database!;
    try {
      database.exec("BEGIN IMMEDIATE");
      for (const each of this.#waiting) this.#apply(each);
      database.exec("COMMIT");
    } catch (error) {
      // A full disk may have ended the transaction already.
      try {
        database.exec("ROLLBACK");
      } catch { /* There is none. */ }
      this.answer({ kind: "failed", reason: (error as Error).message });
      this.#timer = setTimeout(() => this.#write(), this.#retryMs);
      return;
    }
    const { batch } = this.#waiting.at(-1)!;
    this.#waiting = [];
    this.answer({ kind: "committed", batch });
  }

  #apply({ values, bytes }: Batch): void {
    let used = 0;
    for (let at = 0; at < values.length;) {
      const { statement, values: count, blob } = this.#prepared[values[at++] as number]!;
      const given: (string | number | null | Uint8Array)[] = values.slice(at, at + count);
      at += count;
      if (blob >= 0) given[blob] = bytes.subarray(used, used += given[blob] as number);
      statement.run(...given);
    }
  }

  #close(): void {
    this.#write();
    clearTimeout(this.#timer);
    this.#database?.close();
    this.answer({ kind: "closed", unwritten: this.#waiting.length });
  }
}
