import type { DatabaseSync } from "node:sqlite";
import { openDatabase } from "./database.ts";
import { isThere, lock } from "./lock.ts";
import { batchesIn } from "./redo_log.ts";
import { Statements } from "./statements.ts";
import { StoreError } from "./store_error.ts";

/** Where the log of a store lies. */
export function redoFile(file: string): string {
  return `${file}-redo`;
}

/** Writes what a crash has left in the log and not in the database; the caller holds the lock. */
export function redoLost(database: DatabaseSync, file: string): void {
  const log = read(redoFile(file));
  if (log === undefined) return;
  const { id, batch } = database.prepare("SELECT id, batch FROM progress").get() as {
    id: number;
    batch: number;
  };
  const batches = batchesIn(log, id, batch);
  if (batches.length > 0) {
    const statements = new Statements(database);
    database.exec("BEGIN IMMEDIATE");
    for (const each of batches) statements.apply(each);
    statements.reached(batches.at(-1)!.batch);
    database.exec("COMMIT");
  }
  Deno.removeSync(redoFile(file));
}

/**
 * The same for a command that only reads; a gateway that uses the file will write all of it anyway.
 */
export function redoIfFree(file: string): void {
  const unlock = isThere(redoFile(file)) ? lockIfFree(file) : undefined;
  if (unlock === undefined) return;
  try {
    const database = openDatabase(file);
    try {
      redoLost(database, file);
    } finally {
      database.close();
    }
  } finally {
    unlock();
  }
}

function lockIfFree(file: string): (() => void) | undefined {
  try {
    return lock(file);
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

function read(path: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
