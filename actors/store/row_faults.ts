import { decodeBase64 } from "@std/encoding/base64";
import { isShared, sharedFilter } from "../../protocols/mqtt/broker/shares.ts";
import { faultOfFilter, faultOfTopic } from "../../protocols/topic.ts";

/** What an export consists of, in this order. */
export const tables = [
  "retained",
  "sessions",
  "groups",
  "subscriptions",
  "messages",
  "ids",
  "history",
] as const;

/** A table of an export. */
export type Table = typeof tables[number];

/** A row of an export. */
export type Row = Record<string, string | number | null | Uint8Array>;

/** What a value has to be. */
interface Kind {
  readonly words: string;
  readonly holds: (value: unknown) => boolean;
}

const MOST = Number.MAX_SAFE_INTEGER;

const text: Kind = { words: "text", holds: (value) => typeof value === "string" };
const bytes: Kind = { words: "a payload", holds: (value) => value instanceof Uint8Array };
const topic: Kind = {
  words: "a topic",
  holds: (value) => typeof value === "string" && faultOfTopic(value, Infinity) === undefined,
};
const filter: Kind = { words: "a topic filter", holds: isFilter };
const key = whole(1, MOST), time = whole(-MOST, MOST), qos = whole(0, 2);
const packetId = whole(1, 0xffff);
const extra = orNull(json("what a message has beside its payload, as JSON", isExtra));

const columns: Readonly<Record<Table, Readonly<Record<string, Kind>>>> = {
  retained: { topic, payload: bytes, qos, time, extra },
  sessions: {
    key,
    name: text,
    identity: orNull(json("an identity, as JSON", isIdentity)),
    expiry: whole(0, 0xffff_ffff),
    expires_at: orNull(time),
    will_delay: whole(0, 0xffff_ffff),
    will_at: orNull(time),
    will: orNull(json("a will, as JSON", isWill)),
  },
  groups: { key, name: text },
  subscriptions: {
    session: key,
    filter,
    flags: whole(0, 15),
    id: orNull(whole(1, 268_435_455)),
  },
  messages: {
    number: key,
    owner: key,
    topic,
    payload: bytes,
    flags: whole(0, 63),
    // Six bytes of each are kept.
    time: whole(0, 2 ** 48 - 1),
    extra,
    packet_id: orNull(packetId),
    received: whole(0, 1),
  },
  ids: { session: key, packet_id: packetId },
  history: { number: key, rule: text, topic, payload: bytes, flags: whole(0, 63), time, extra },
};

/** What is wrong with rows that somebody wants in a store; they come in the order of an export. */
export class RowFaults {
  readonly #owners = new Set<unknown>();
  readonly #last = new Map<unknown, number>();
  readonly #sent = new Set<string>();

  /** Undefined when all is right with the next row. */
  of(table: Table, row: Row): string | undefined {
    return faultOfValues(table, row) ?? this.#faultOfPlace(table, row);
  }

  /** What does not go with those before. */
  #faultOfPlace(table: Table, row: Row): string | undefined {
    switch (table) {
      case "sessions":
      case "groups":
        if (this.#owners.has(row.key)) return `key ${row.key} is taken by a row before it`;
        this.#owners.add(row.key);
        return undefined;
      case "subscriptions":
      case "ids":
        return this.#faultOfOwner(row.session);
      case "messages":
        return this.#faultOfOwner(row.owner) ?? this.#faultOfMessage(row);
    }
    return undefined;
  }

  #faultOfOwner(owner: unknown): string | undefined {
    return this.#owners.has(owner) ? undefined : `no session or group before it has key ${owner}`;
  }

  #faultOfMessage({ owner, number, packet_id }: Row): string | undefined {
    const last = this.#last.get(owner) ?? 0, id = `${owner} ${packet_id}`;
    if (number as number <= last) {
      return `message ${number} of ${owner} comes after ${last}: their numbers have to rise`;
    }
    this.#last.set(owner, number as number);
    if (packet_id === null) return undefined;
    if (this.#sent.has(id)) return `packet ${packet_id} of ${owner} is another message already`;
    this.#sent.add(id);
    return undefined;
  }
}

function faultOfValues(table: Table, row: Row): string | undefined {
  const known = columns[table];
  const stray = Object.keys(row).find((name) => !Object.hasOwn(known, name));
  if (stray !== undefined) return `${table} has no column ${JSON.stringify(stray)}`;
  for (const [name, { words, holds }] of Object.entries(known)) {
    const value = row[name];
    if (value === undefined) return `${name} of ${table} is missing: it has to be ${words}`;
    if (!holds(value)) return `${name} of ${table} is ${shown(value)}, and has to be ${words}`;
  }
  return undefined;
}

function shown(value: unknown): string {
  const text = value instanceof Uint8Array ? "a payload" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function whole(least: number, most: number): Kind {
  return {
    words: `a whole number from ${least} to ${most}`,
    holds: (value) =>
      Number.isSafeInteger(value) && value as number >= least &&
      value as number <= most,
  };
}

function orNull({ words, holds }: Kind): Kind {
  return { words: `${words}, or null`, holds: (value) => value === null || holds(value) };
}

function json(words: string, holds: (value: Record<string, unknown>) => boolean): Kind {
  return {
    words,
    holds(value) {
      try {
        const parsed = JSON.parse(value as string);
        return parsed?.constructor === Object && holds(parsed);
      } catch {
        return false;
      }
    },
  };
}

function isFilter(value: unknown): boolean {
  if (typeof value !== "string") return false;
  const plain = isShared(value) ? sharedFilter(value) : value;
  return plain !== undefined && faultOfFilter(plain, Infinity) === undefined;
}

function isIdentity({ user, clientId, groups, certificate, address, listener, expires }: Record<
  string,
  unknown
>): boolean {
  return isListOf(groups, isText) && isText(address) && isText(listener) &&
    [user, clientId, certificate].every(isMaybeText) &&
    (expires === undefined || expires === null || typeof expires === "number");
}

function isWill({ topic, payload, flags, extra: beside }: Record<string, unknown>): boolean {
  return columns.retained.topic!.holds(topic) && isBase64(payload) &&
    columns.messages.flags!.holds(flags) && extra.holds(beside);
}

function isExtra({ contentType, properties = {}, ids, by }: Record<string, unknown>): boolean {
  if (typeof properties !== "object" || properties === null) return false;
  const { payloadFormat, expirySeconds, responseTopic, correlationData, userProperties } =
    properties as Record<string, unknown>;
  return [contentType, by, responseTopic].every(isMaybeText) &&
    (ids === undefined || isListOf(ids, columns.subscriptions.id!.holds)) &&
    (payloadFormat === undefined || payloadFormat === 0 || payloadFormat === 1) &&
    (expirySeconds === undefined || typeof expirySeconds === "number" && expirySeconds >= 0) &&
    (correlationData === undefined || isBase64(correlationData)) &&
    (userProperties === undefined || isListOf(userProperties, isPair));
}

function isPair(value: unknown): boolean {
  return isListOf(value, isText) && (value as unknown[]).length === 2;
}

function isListOf(value: unknown, holds: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(holds);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isMaybeText(value: unknown): boolean {
  return value === undefined || value === null || isText(value);
}

function isBase64(value: unknown): boolean {
  try {
    return isText(value) && decodeBase64(value as string) !== undefined;
  } catch {
    return false;
  }
}
