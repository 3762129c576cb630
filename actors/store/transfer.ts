import { isUtf8 } from "node:buffer";
import { backup, type DatabaseSync, type StatementSync } from "node:sqlite";
import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { openDatabase, readingFault } from "./database.ts";
import { isThere, lock, realFile } from "./lock.ts";
import { MessagePacker, type OwnedMessage } from "./message_packer.ts";
import { unpacked } from "./packed.ts";
import { redoIfFree } from "./redo.ts";
import { type Row, RowFaults, tables } from "./row_faults.ts";
import { ENDED, RECEIVED } from "./schema.ts";
import { StoreError } from "./store_error.ts";

/** The version of what is exported: it shows messages one by one, however the file keeps them. */
const FORMAT = 1;

/** At once: a copy in several steps begins anew whenever the gateway has written meanwhile. */
const ALL_PAGES = 0x7fffffff;

const decoder = new TextDecoder();

/** Everything in a store, a JSON object in each line; also while a gateway is using it. */
export function* exportStore(file: string): Generator<string> {
  file = realFile(file);
  redoIfFree(file);
  const database = openDatabase(file, { readOnly: true });
  try {
    // One moment of it, whatever is written meanwhile.
    database.exec("BEGIN");
    yield JSON.stringify({ store: "meerkat", version: FORMAT });
    for (const table of tables) {
      const rows = table === "messages"
        ? messagesIn(database)
        : database.prepare(`SELECT * FROM ${table}`).iterate() as Iterable<unknown>;
      for (const row of rows as Iterable<Row>) yield lineOf(table, row);
    }
  } catch (error) {
    throw readingFault(error, file);
  } finally {
    database.close();
  }
}

/**
 * Fills an empty store with what `exportStore` gave, all of it or nothing; answers how many lines it
 * took. Errors name the place, as `source:line`.
 */
export async function importStore(
  file: string,
  lines: AsyncIterable<string>,
  source?: string,
): Promise<number> {
  file = realFile(file);
  const isNew = !isThere(file), unlock = lock(file);
  let isFilled = false;
  try {
    const database = openDatabase(file);
    try {
      const count = await fill(database, file, { lines, source });
      isFilled = true;
      return count;
    } finally {
      database.close();
    }
  } finally {
    if (isNew && !isFilled && isThere(file)) Deno.removeSync(file);
    unlock(isFilled ? undefined : "refused");
  }
}

/** Copies a store, also while a gateway is using it. The copy gets its name once it is whole. */
export async function backupStore(file: string, copy: string): Promise<void> {
  file = realFile(file);
  const part = `${copy}-part`;
  try {
    if (isThere(copy) && Deno.statSync(copy).size > 0) throw new Error("it is there already");
    removeAll(part);
    await copyTo(part, file);
    Deno.renameSync(part, copy);
  } catch (error) {
    removeAll(part);
    if (error instanceof StoreError) throw error;
    throw new StoreError(`Cannot copy ${file} to ${copy}: ${(error as Error).message}`);
  }
}

async function copyTo(copy: string, file: string): Promise<void> {
  redoIfFree(file);
  const database = openDatabase(file, { readOnly: true });
  try {
    // VACUUM INTO attaches the copy, which Deno permits only to who may do everything.
    await backup(database, copy, { rate: ALL_PAGES });
  } finally {
    database.close();
  }
  // Another id, so that a redo log of the original is never applied to the copy.
  const copied = openDatabase(copy);
  try {
    copied.exec("UPDATE progress SET id = abs(random() % 4294967296)");
  } finally {
    copied.close();
  }
}

/** What was begun, and what SQLite keeps beside it. */
function removeAll(part: string): void {
  for (const name of [part, `${part}-journal`, `${part}-wal`, `${part}-shm`]) {
    try {
      Deno.removeSync(name);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

async function fill(
  database: DatabaseSync,
  file: string,
  { lines, source }: { lines: AsyncIterable<string>; source: string | undefined },
): Promise<number> {
  const filled = tables.map((table) => table === "messages" ? "segments" : table)
    .find((table) => database.prepare(`SELECT 1 FROM ${table}`).get());
  if (filled !== undefined) {
    throw new StoreError(`Cannot import into ${file}: it is not empty; name a file that is new`);
  }
  const rows = new RowWriter(database);
  let number = 1;
  database.exec("BEGIN IMMEDIATE");
  try {
    for await (const line of lines) {
      if (number === 1) checkHead(line);
      else if (line.trim() !== "") rows.insert(line);
      number++;
    }
    if (number === 1) throw new Error("it is missing: even an empty store is exported as one line");
    rows.flush();
    database.exec("COMMIT");
  } catch (error) {
    // A full disk may have ended the transaction already.
    if (database.isTransaction) database.exec("ROLLBACK");
    const place = source === undefined ? `line ${number}` : `${source}:${number}`;
    throw new StoreError(`Cannot import ${place}: ${(error as Error).message}`);
  }
  return number - 1;
}

function checkHead(line: string): void {
  const { store, version } = headOf(line);
  if (store !== "meerkat") throw new Error("it is not the first line that export prints");
  if (version !== FORMAT) {
    throw new Error(`its version is ${version}, and this gateway takes ${FORMAT}`);
  }
}

function headOf(line: string): { store?: unknown; version?: unknown } {
  try {
    return JSON.parse(line) ?? {};
  } catch {
    return {};
  }
}

function lineOf(table: string, { payload, ...row }: Row): string {
  if (!(payload instanceof Uint8Array)) return JSON.stringify({ table, ...row });
  return isUtf8(payload)
    ? JSON.stringify({ table, ...row, payload: decoder.decode(payload) })
    : JSON.stringify({ table, ...row, payload: encodeBase64(payload), encoding: "base64" });
}

/** Takes lines of an export into a database. */
class RowWriter {
  readonly #packer: MessagePacker;
  readonly #faults = new RowFaults();
  readonly #inserts = new Map<string, StatementSync>();

  constructor(readonly database: DatabaseSync) {
    this.#packer = new MessagePacker(database);
  }

  insert(line: string): void {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
      throw new Error("it has to be an object");
    }
    const { table, encoding, ...row } = parsed as Row;
    const known = tables.find((each) => each === table);
    if (known === undefined) throw new Error(`there is no table ${JSON.stringify(table)}`);
    if (typeof row.payload === "string") row.payload = payloadOf(row.payload, encoding);
    const fault = this.#faults.of(known, row);
    if (fault !== undefined) throw new Error(fault);
    if (known === "messages") this.#packer.add(row as unknown as OwnedMessage);
    else this.#insertInto(known, row);
  }

  /** Writes what is left. */
  flush(): void {
    this.#packer.flush();
  }

  #insertInto(table: string, row: Row): void {
    const names = Object.keys(row), key = `${table} (${names.join(", ")})`;
    let statement = this.#inserts.get(key);
    if (statement === undefined) {
      const places = names.map(() => "?").join(", ");
      statement = this.database.prepare(`INSERT INTO ${key} VALUES (${places})`);
      this.#inserts.set(key, statement);
    }
    statement.run(...Object.values(row));
  }
}

function payloadOf(text: string, encoding: unknown): Uint8Array {
  if (encoding === undefined) return new TextEncoder().encode(text);
  if (encoding === "base64") return decodeBase64(text);
  throw new Error(`the encoding of a payload is "base64" or none, not ${JSON.stringify(encoding)}`);
}

function* messagesIn(database: DatabaseSync): Generator<OwnedMessage> {
  // A file that no gateway of this version has opened yet.
  if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'messages'").get()) {
    yield* database.prepare("SELECT * FROM messages").iterate() as Iterable<
      unknown
    > as Iterable<OwnedMessage>;
    return;
  }
  const marks = database.prepare(
    "SELECT packet_id, state FROM marks WHERE owner = ? AND number = ?",
  );
  const segments = database.prepare("SELECT owner, first, messages FROM segments ORDER BY first");
  for (const { owner, first, messages } of segments.iterate() as Iterable<Row>) {
    for (const message of unpacked(messages as Uint8Array, first as number)) {
      const mark = marks.get(owner!, message.number);
      if (mark?.state === ENDED) continue;
      const packet_id = mark?.packet_id as number | null ?? null;
      const received = mark?.state === RECEIVED ? 1 : 0;
      yield { ...message, owner: owner as number, packet_id, received };
    }
  }
}
