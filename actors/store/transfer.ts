import { isUtf8 } from "node:buffer";
import { backup, type DatabaseSync } from "node:sqlite";
import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { openDatabase, readingFault } from "./database.ts";
import { lock } from "./lock.ts";
import { MessagePacker, type OwnedMessage } from "./message_packer.ts";
import { unpacked } from "./packed.ts";
import { redoIfFree } from "./redo.ts";
import { ENDED, RECEIVED } from "./schema.ts";
import { StoreError } from "./store_error.ts";

/** The version of what is exported: it shows messages one by one, however the file keeps them. */
const FORMAT = 1;

/** At once: a copy in several steps begins anew whenever the gateway has written meanwhile. */
const ALL_PAGES = 0x7fffffff;

/** What an export consists of, in this order. */
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
export async function backupStore(file: string, copy: string): Promise<void> {
  redoIfFree(file);
  const database = openDatabase(file, { readOnly: true });
  try {
    // It would write over what is there.
    Deno.openSync(copy, { write: true, createNew: true }).close();
    // VACUUM INTO attaches the copy, which Deno permits only to who may do everything.
    await backup(database, copy, { rate: ALL_PAGES });
  } catch (error) {
    const why = error instanceof Deno.errors.AlreadyExists ? "it exists" : (error as Error).message;
    throw new StoreError(`Cannot copy ${file} to ${copy}: ${why}`);
  } finally {
    database.close();
  }
  // Another id, so that a redo log of the original is never applied to the copy.
  const copied = openDatabase(copy);
  copied.exec("UPDATE progress SET id = abs(random() % 4294967296)");
  copied.close();
}

async function fill(
  database: DatabaseSync,
  file: string,
  lines: AsyncIterable<string>,
): Promise<number> {
  const filled = tables.map((table) => table === "messages" ? "segments" : table)
    .find((table) => database.prepare(`SELECT 1 FROM ${table}`).get());
  if (filled !== undefined) {
    throw new StoreError(`Cannot import into ${file}: it is not empty; name a file that is new`);
  }
  const packer = new MessagePacker(database);
  let number = 0;
  database.exec("BEGIN IMMEDIATE");
  try {
    for await (const line of lines) {
      number++;
      if (number === 1) checkHead(line);
      else if (line !== "") insert(database, packer, line);
    }
    if (number === 0) throw new Error("it is missing: even an empty store is exported as one line");
    packer.flush();
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw new StoreError(`Cannot import line ${number || 1}: ${(error as Error).message}`);
  }
  return number;
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

function insert(database: DatabaseSync, packer: MessagePacker, line: string): void {
  const { table, payload, encoding, ...row } = JSON.parse(line);
  if (!tables.includes(table)) throw new Error(`there is no table ${JSON.stringify(table)}`);
  const values: Row = row;
  if (typeof payload === "string") {
    values.payload = encoding === "base64"
      ? decodeBase64(payload)
      : new TextEncoder().encode(payload);
  }
  if (table === "messages") return packer.add(messageOf(values));
  const known = database.prepare(`PRAGMA table_info(${table})`).all().map(({ name }) => name);
  const columns = Object.keys(values), stray = columns.find((each) => !known.includes(each));
  if (stray !== undefined) throw new Error(`${table} has no column ${JSON.stringify(stray)}`);
  const places = columns.map(() => "?").join(", ");
  database.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`)
    .run(...Object.values(values));
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

const messageColumns = {
  number: "number",
  owner: "number",
  topic: "string",
  payload: "bytes",
  flags: "number",
  time: "number",
  extra: "string or null",
  packet_id: "number or null",
  received: "number",
};

/** A message that was exported; throws when it is none. */
function messageOf(values: Row): OwnedMessage {
  const stray = Object.keys(values).find((name) => !Object.hasOwn(messageColumns, name));
  if (stray !== undefined) throw new Error(`messages has no column ${JSON.stringify(stray)}`);
  for (const [name, types] of Object.entries(messageColumns)) {
    const value = values[name];
    const type = value === null ? "null" : value instanceof Uint8Array ? "bytes" : typeof value;
    if (!types.split(" or ").includes(type)) {
      throw new Error(`${name} of a message is ${type}, and has to be ${types}`);
    }
  }
  return values as unknown as OwnedMessage;
}
