import { DatabaseSync } from "node:sqlite";
import { APPLICATION_ID, migrations } from "./migrations.ts";
import { StoreError } from "./store_error.ts";

/** What a store is opened for. */
interface DatabaseOptions {
  fsync?: boolean;
  readOnly?: boolean;
}

/** Opens a store; one that is new gets its tables, an older one those that it lacks. */
export function openDatabase(file: string, options: DatabaseOptions = {}): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: options.readOnly ?? false });
    prepare(database, file, options);
    return database;
  } catch (error) {
    database?.close();
    throw readingFault(error, file);
  }
}

function prepare(database: DatabaseSync, file: string, options: DatabaseOptions): void {
  database.exec("PRAGMA busy_timeout = 5000");
  // Before anything is written: a file of somebody else's, or of a later version, stays as it is.
  const version = pragma(database, "user_version"), id = pragma(database, "application_id");
  const { tables } = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() as {
    tables: number;
  };
  if (tables > 0 && id !== APPLICATION_ID) {
    throw new StoreError(`Cannot use ${file}: it is a database, but not a store of this gateway`);
  }
  if (version > migrations.length) {
    throw new StoreError(
      `Cannot use ${file}: its version is ${version}, and this gateway knows up to ` +
        `${migrations.length}; start the later version that wrote it`,
    );
  }
  if (options.readOnly) return;
  // Fails where the file may only be read, which opening it does not.
  database.exec("BEGIN IMMEDIATE; ROLLBACK");
  // The log is checkpointed at 16 MiB (4,000 pages), and cut to 64 MiB after it had to be longer.
  database.exec(`PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${options.fsync === false ? "NORMAL" : "FULL"};
    PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864`);
  if (version === migrations.length) return;
  database.exec("BEGIN IMMEDIATE");
  for (const migration of migrations.slice(version)) {
    if (typeof migration === "string") database.exec(migration);
    else migration(database);
  }
  database.exec(`PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${migrations.length}; COMMIT`);
}

function pragma(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get() as Record<string, number>;
  return row[name]!;
}

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const NOTADB = 26, FULL = 13, CORRUPT = 11, READONLY = 8;

/**
 * What SQLite says about a file, as a `StoreError` that says what to do; other errors as they are.
 */
export function readingFault(error: unknown, file: string): unknown {
  if (error instanceof StoreError) return error;
  const { errcode = 0, message } = error as { errcode?: number; message: string };
  const kind = kindOf(file);
  if (kind === "folder") return new StoreError(`Cannot use ${file}: it is a folder, not a file`);
  if (/^unable to open/.test(message)) {
    const why = kind === "nothing" ? "it is not there" : "it may not be read";
    return new StoreError(`Cannot use ${file}: ${why}`);
  }
  const right = "restore a backup, or move the file away to begin with an empty store";
  switch (errcode & 0xff) {
    case NOTADB:
      return new StoreError(`Cannot use ${file}: it is not a store, or is damaged; ${right}`);
    case CORRUPT:
      return new StoreError(`Cannot use ${file}: it is damaged (${message}); ${right}`);
    case FULL:
      return new StoreError(
        `Cannot use ${file}: there is no room on its disk for what is to be written first: ` +
          "what a crash left in its log, or the tables of this version",
      );
    case READONLY:
      return new StoreError(`Cannot use ${file}: it may not be written to`);
  }
  return error;
}

/** What SQLite does not tell when it cannot open a file. */
function kindOf(file: string): "file" | "folder" | "nothing" {
  try {
    return Deno.statSync(file).isDirectory ? "folder" : "file";
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "nothing" : "file";
  }
}
