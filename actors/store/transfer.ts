import { isUtf8 } from "node:buffer";
import type { DatabaseSync } from "node:sqlite";
import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { openDatabase, readingFault, StoreError } from "./database.ts";
import { lock } from "./lock.ts";
import { migrations } from "./schema.ts";

/** What a store consists of; also the order in which it is written down. */
const tables = [
  "retained",
  "sessions",
  "groups",
  "subscriptions",
  "messages",
  "ids",
  "history",
] as const;

type Row = Record<string, string | number | null | Uint8Array>;

const decoder = new TextDecoder();

/** Everything in a store, a JSON object in each line; also while a gateway is using it. */
export function* exportStore(file: string): Generator<string> {
  const database = openDatabase(file, { readOnly: true });
  try {
    // One moment of it, whatever is written meanwhile.
    database.exec("BEGIN");
    yield JSON.stringify({ store: "meerkat", version: migrations.length });
    for (const table of tables) {
      const rows = database.prepare(`SELECT * FROM ${table}`).iterate();
      for (const row of rows as Iterable<unknown> as Iterable<Row>) yield lineOf(table, row);
    }
  } catch (error) {
    throw readingFault(error, file);
  } finally {
    database.close();
  }
}

/** Fills an empty store with what `exportStore` gave; answers how many lines it took. */
export async function importStore(file: string, lines: AsyncIterable<string>): Promise<number> {
  const unlock = lock(file);
  try {
    const database = openDatabase(file);
    try {
      return await fill(database, file, lines);
    } finally {
      database.close();
    }
  } finally {
    unlock();
  }
}

/** Copies a store, also while a gateway is using it. */
export function backupStore(file: string, copy: string): void {
  const database = openDatabase(file, { readOnly: true });
  try {
    database.prepare("VACUUM INTO ?").run(copy);
  } catch (error) {
    throw new StoreError(`Cannot copy ${file} to ${copy}: ${(error as Error).message}`);
  } finally {
    database.close();
  }
}

async function fill(
  database: DatabaseSync,
  file: string,
  lines: AsyncIterable<string>,
): Promise<number> {
  const filled = tables.find((table) => database.prepare(`SELECT 1 FROM ${table}`).get());
  if (filled !== undefined) {
    throw new StoreError(`Cannot import into ${file}: it is not empty; name a file that is new`);
  }
  let number = 0;
  database.exec("BEGIN IMMEDIATE");
  try {
    for await (const line of lines) {
      number++;
      if (number === 1) checkHead(line);
      else if (line !== "") insert(database, line);
    }
    if (number === 0) throw new Error("there is nothing");
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw new StoreError(`Cannot import line ${number}: ${(error as Error).message}`);
  }
  return number;
}

function checkHead(line: string): void {
  const { store, version } = JSON.parse(line);
  if (store !== "meerkat") throw new Error("it is not the beginning of an export of a store");
  if (version !== migrations.length) {
    throw new Error(`its version is ${version}, and this gateway takes ${migrations.length}`);
  }
}

function lineOf(table: string, { payload, ...row }: Row): string {
  if (!(payload instanceof Uint8Array)) return JSON.stringify({ table, ...row });
  return isUtf8(payload)
    ? JSON.stringify({ table, ...row, payload: decoder.decode(payload) })
    : JSON.stringify({ table, ...row, payload: encodeBase64(payload), encoding: "base64" });
}

function insert(database: DatabaseSync, line: string): void {
  const { table, payload, encoding, ...row } = JSON.parse(line);
  if (!tables.includes(table)) throw new Error(`there is no table ${JSON.stringify(table)}`);
  const values: Row = row;
  if (typeof payload === "string") {
    values.payload = encoding === "base64"
      ? decodeBase64(payload)
      : new TextEncoder().encode(payload);
  }
  const known = database.prepare(`PRAGMA table_info(${table})`).all().map(({ name }) => name);
  const columns = Object.keys(values), stray = columns.find((each) => !known.includes(each));
  if (stray !== undefined) throw new Error(`${table} has no column ${JSON.stringify(stray)}`);
  const places = columns.map(() => "?").join(", ");
  database.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`)
    .run(...Object.values(values));
}
