import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Batch, Value } from "./batch.ts";
import { changeNames, changes, valuesOf } from "./schema.ts";

interface Prepared {
  readonly statement: StatementSync;
  readonly values: number;
  readonly blob: number;
}

/** Makes the changes of batches, inside of a transaction. */
export class Statements {
  readonly #prepared: Prepared[];
  readonly #reached: StatementSync;

  constructor(database: DatabaseSync) {
    this.#prepared = changeNames.map((name) => {
      const change: { sql: string; blob?: number; values?: number } = changes[name];
      return {
        statement: database.prepare(change.sql),
        values: valuesOf(change),
        blob: change.blob ?? -1,
      };
    });
    this.#reached = database.prepare("UPDATE progress SET batch = ?");
  }

  apply({ values, bytes }: Pick<Batch, "values" | "bytes">): void {
    let used = 0;
    for (let at = 0; at < values.length;) {
      const { statement, values: count, blob } = this.#prepared[values[at++] as number]!;
      const given: (Value | Uint8Array)[] = values.slice(at, at + count);
      at += count;
      if (blob >= 0) given[blob] = bytes.subarray(used, used += given[blob] as number);
      statement.run(...given);
    }
  }

  /** All batches up to this one have been applied. */
  reached(batch: number): void {
    this.#reached.run(batch);
  }
}
