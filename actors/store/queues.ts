import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Entry, type MessageRecord, type Segment } from "../../protocols/journal.ts";
import { bareBytesOf, bytesOf } from "../../protocols/mqtt/broker/queue.ts";
import type { WrittenPage } from "../../protocols/mqtt/broker/resume.ts";
import { Delivery } from "../../protocols/publication.ts";
import { unpacked } from "./packed.ts";
import { fromRow } from "./rows.ts";
import { ENDED, RECEIVED } from "./schema.ts";

/** A queue that is not a session's, as it was written down. */
export interface KnownQueue {
  readonly key: number;
  readonly messages: readonly MessageRecord[];
  readonly ids: readonly number[];
}

interface SegmentRow {
  readonly first: number;
  readonly last: number;
  readonly messages: Uint8Array;
}

interface Mark {
  readonly number: number;
  readonly packet_id: number | null;
  readonly state: number;
}

/** Reads what waits for one owner, row after row. */
export class QueueReader {
  readonly #next: StatementSync;
  readonly #one: StatementSync;
  readonly #marks: StatementSync;

  constructor(database: DatabaseSync, readonly fault: (error: unknown) => void) {
    this.#next = database.prepare(
      `SELECT first, last, messages FROM segments
       WHERE owner = ? AND first > ? AND first < ? ORDER BY first LIMIT 1`,
    );
    this.#one = database.prepare("SELECT first, last, messages FROM segments WHERE first = ?");
    this.#marks = database.prepare(
      "SELECT number, packet_id, state FROM marks WHERE owner = ? AND number BETWEEN ? AND ?",
    );
  }

  /** Rows of which the first numbers are below `before`; their messages are read when wanted. */
  *pages(owner: number, before: number): Generator<WrittenPage> {
    for (const row of this.#rows(owner, before)) {
      const page = this.#unlessBroken(() => this.#pageOf(owner, row));
      if (page !== undefined) yield page;
    }
  }

  /** All messages at once. */
  all(owner: number): MessageRecord[] {
    const rows = [...this.#rows(owner, Number.MAX_SAFE_INTEGER)];
    return rows.flatMap((row) => this.#unlessBroken(() => this.#recordsOf(owner, row)) ?? []);
  }

  /** A row that cannot be read stays where it is, and does not stand in the way of the others. */
  #unlessBroken<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.fault(error);
      return undefined;
    }
  }

  *#rows(owner: number, before: number): Generator<SegmentRow> {
    for (let after = -1;;) {
      const row = this.#next.get(owner, after, before) as SegmentRow | undefined;
      if (row === undefined) return;
      after = row.first;
      yield row;
    }
  }

  #pageOf(owner: number, row: SegmentRow): WrittenPage {
    const { first, last, messages } = row;
    if (this.#marks.get(owner, first, last) === undefined) {
      let size = 0, bytes = 0;
      for (const message of unpacked(messages, first)) {
        size++;
        bytes += message.extra === null
          ? bareBytesOf(message)
          : bytesOf(fromRow(message).publication);
      }
      return { size, bytes, sent: [], read: () => this.#read(owner, first) };
    }
    const sent: MessageRecord[] = [], waiting: MessageRecord[] = [];
    let bytes = 0;
    for (const record of this.#recordsOf(owner, row)) {
      if (record.packetId !== undefined) sent.push(record);
      else {
        waiting.push(record);
        bytes += bytesOf(record.delivery.publication);
      }
    }
    return { size: waiting.length, bytes, sent, read: () => waiting };
  }

  /** In the turn of whoever takes them, who can do nothing about a broken disk. */
  #read(owner: number, first: number): MessageRecord[] {
    const row = () => this.#one.get(first) as unknown as SegmentRow;
    return this.#unlessBroken(() => this.#recordsOf(owner, row())) ?? [];
  }

  #recordsOf(owner: number, { first, last, messages }: SegmentRow): MessageRecord[] {
    const rows = this.#marks.all(owner, first, last) as unknown as Mark[];
    const marks = rows.length === 0 ? undefined : new Map(rows.map((mark) => [mark.number, mark]));
    const segment: Segment = {
      owner,
      first,
      last,
      left: 0,
      written: true,
      marked: marks !== undefined,
    };
    const found = recordsOf(messages, segment, marks);
    segment.left = found.length;
    return found;
  }
}

/** The messages of a row that have not ended. */
export function recordsOf(
  messages: Uint8Array,
  segment: Segment,
  marks?: ReadonlyMap<number, Mark>,
): MessageRecord[] {
  const found: MessageRecord[] = [];
  for (const message of unpacked(messages, segment.first)) {
    const mark = marks?.get(message.number);
    if (mark?.state === ENDED) continue;
    const { publication, qos, retain, ids } = fromRow(message);
    found.push({
      entry: new Entry(message.number, segment),
      delivery: new Delivery(publication, qos, retain, ids),
      packetId: mark?.packet_id ?? undefined,
      received: mark?.state === RECEIVED,
    });
  }
  return found;
}

/** What waited in such a queue before a restart; undefined when it is new. */
export function readQueue(
  database: DatabaseSync,
  name: string,
  fault: (error: unknown) => void,
): KnownQueue | undefined {
  const found = database.prepare("SELECT key FROM groups WHERE name = ?").get(name);
  if (found === undefined) return undefined;
  const key = found.key as number;
  const reader = new QueueReader(database, fault);
  const ids = database.prepare("SELECT packet_id FROM ids WHERE session = ?").all(key)
    .map(({ packet_id }) => packet_id as number);
  return { key, messages: reader.all(key), ids };
}
