import type { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers";
import type { Batch } from "./batch.ts";
import { openDatabase } from "./database.ts";
import type { OpenWriter, WriterAnswer } from "./messages.ts";
import { Files } from "./files.ts";
import { Statements } from "./statements.ts";

/** Writes batches, each in one transaction; what cannot be written is kept and tried again. */
export class StoreWriter {
  #database: DatabaseSync | undefined;
  #statements: Statements | undefined;
  #files: Files | undefined;
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
    this.#statements = new Statements(database);
    this.#files = new Files(file);
    this.answer({ kind: "open" });
  }

  #write(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.length === 0) return;
    const database = this.#database!, statements = this.#statements!;
    const { batch } = this.#waiting.at(-1)!;
    try {
      this.#files!.check();
      database.exec("BEGIN IMMEDIATE");
      for (const each of this.#waiting) statements.apply(each);
      statements.reached(batch);
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
    this.#waiting = [];
    this.answer({ kind: "committed", batch });
  }

  #close(): void {
    this.#write();
    clearTimeout(this.#timer);
    this.#database?.close();
    this.answer({ kind: "closed", unwritten: this.#waiting.length });
  }
}
