import type { Entry, Segment, Shelf } from "../../protocols/journal.ts";
import type { Delivery } from "../../protocols/publication.ts";
import type { PackedMessage } from "./packed.ts";
import { recordsOf } from "./queues.ts";
import { extraOf, flagsOf } from "./rows.ts";

/**
 * What one row holds: it is read as a whole, and one message that stays keeps all of it on the
 * disk.
 */
const MAX_MESSAGES = 256, MAX_BYTES = 64 << 10;

/** Fewer or larger messages stay in memory as they are, which several queues may share. */
const PAGE_MESSAGES = 16, PAGE_BYTES_EACH = 256;

/** A row that is still to be written. */
interface Draft {
  readonly segment: Segment;
  readonly entries: Entry[];
  readonly deliveries: Delivery[];
  bytes: number;
  /** Where they wait. */
  shelf: Shelf | undefined;
}

/** Who writes down what becomes of messages. */
interface Scribe {
  /** Answers a view of what is written. */
  saveSegment(segment: Segment, messages: Iterable<PackedMessage>): Uint8Array;
  /** None of its messages is left. */
  endSegment(segment: Segment): void;
  endMessage(segment: Segment, number: number): void;
}

/**
 * The messages of one batch. Those of one owner share a row; what ends before it is written never is,
 * and a row of which nothing is left goes as a whole.
 */
export class Segments {
  #drafts: Draft[] = [];
  readonly #open = new Map<number, Draft>();
  /** What ended in rows that were written before. */
  readonly #ended = new Map<Segment, number[]>();

  save(owner: number, entry: Entry, delivery: Delivery, shelf?: Shelf): void {
    let draft = this.#open.get(owner);
    if (draft === undefined || isFull(draft)) {
      this.#open.set(owner, draft = this.#begin(owner, entry));
    }
    const { segment } = draft;
    entry.segment = segment;
    segment.last = entry.number;
    segment.left++;
    draft.bytes += delivery.publication.payload.length;
    draft.entries.push(entry);
    draft.deliveries.push(delivery);
    draft.shelf ??= shelf;
  }

  end(entry: Entry): void {
    const { segment } = entry;
    entry.segment = null;
    // Never saved, or ended before.
    if (segment === undefined || segment === null) return;
    segment.left--;
    if (!segment.written) return;
    const ended = this.#ended.get(segment);
    if (ended === undefined) this.#ended.set(segment, [entry.number]);
    else ended.push(entry.number);
  }

  /** Nothing of this owner's is to be written. */
  forget(owner: number): void {
    if (!this.#open.delete(owner)) return;
    this.#drafts = this.#drafts.filter(({ segment }) => segment.owner !== owner);
  }

  describe(scribe: Scribe): void {
    for (const [segment, numbers] of this.#ended) {
      if (segment.left === 0) scribe.endSegment(segment);
      else for (const number of numbers) scribe.endMessage(segment, number);
    }
    for (const draft of this.#drafts) {
      const { segment } = draft;
      segment.written = true;
      if (segment.left > 0) this.#save(draft, scribe);
      else if (segment.marked) scribe.endSegment(segment);
    }
  }

  #save(draft: Draft, scribe: Scribe): void {
    const { segment, entries, shelf } = draft,
      packed = scribe.saveSegment(segment, remaining(draft));
    if (shelf === undefined) return;
    if (
      entries.length < PAGE_MESSAGES || segment.left < entries.length ||
      packed.length > entries.length * PAGE_BYTES_EACH
    ) return shelf.exchange(entries);
    const page = packed.slice();
    shelf.exchange(entries, () => recordsOf(page, segment));
  }

  #begin(owner: number, { number }: Entry): Draft {
    const segment: Segment = {
      owner,
      first: number,
      last: number,
      left: 0,
      written: false,
      marked: false,
    };
    const draft = { segment, entries: [], deliveries: [], bytes: 0, shelf: undefined };
    this.#drafts.push(draft);
    return draft;
  }
}

function isFull({ entries, bytes }: Draft): boolean {
  return entries.length >= MAX_MESSAGES || bytes >= MAX_BYTES;
}

function* remaining({ segment, entries, deliveries }: Draft): Generator<PackedMessage> {
  for (let at = 0; at < entries.length; at++) {
    const { number, segment: own } = entries[at]!;
    if (own === segment) yield rowOf(number, deliveries[at]!);
  }
}

function rowOf(number: number, delivery: Delivery): PackedMessage {
  const { publication, ids } = delivery, { topic, payload, time } = publication;
  const flags = flagsOf(publication, delivery), extra = extraOf(publication, { ids });
  return { number, topic, payload, flags, time: Math.floor(time), extra };
}
