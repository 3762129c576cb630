import type { HistoryQuestion } from "../../protocols/history.ts";
import type { Journal, MessageRecord } from "../../protocols/journal.ts";
import type { Publication } from "../../protocols/publication.ts";

/** Keeps output back that promises something, until what it promises is stored. */
export interface Holder {
  /** Everything recorded up to and with this batch is safe. True when nothing is kept back any more. */
  committed(batch: number): boolean;
  /** What was recorded could not be made safe. */
  unstored(): void;
}

/** A queue that survives a restart, and is not a session's. */
export interface WrittenQueue {
  readonly journal: Journal;
  readonly key: number;
  readonly messages: readonly MessageRecord[];
  /** Packet identifiers of messages of QoS 2 that its owner has taken, and that were not released. */
  readonly ids: readonly number[];
}

/** Everything that survives a restart, as the topic space sees it. */
export interface Ledger extends Journal {
  /** True when something was recorded, or repeated, that what is said now must wait for. */
  dirty: boolean;
  /** The batch that what is recorded now belongs to. */
  readonly batch: number;
  /** Why nothing can be recorded, while that is so. */
  readonly fault: string | undefined;
  /** How often something that must survive was not accepted. */
  readonly refusals: number;
  /** Tells `holder` what becomes of the batches, until it keeps nothing back any more. */
  hold(holder: Holder): void;
  /** A retained value has been set or, by an empty payload, cleared; it counts for `owner`. */
  saveRetained(publication: Publication, owner?: string): void;
  /** Keeps a message for those who ask for the past, if anybody wants that. */
  saveHistory(publication: Publication): void;
  /** The past of what a filter selects, oldest first; undefined where none is kept. */
  history(filter: string, question: HistoryQuestion): Publication[] | undefined;
  /** The queue of this name, with what waited in it before a restart. */
  queueOf(name: string): WrittenQueue;
  /** What an operator wants to know. */
  describe(): Record<string, unknown>;
  /** Resolves once everything recorded so far is safe; rejects when it cannot be made so. */
  flushed(): Promise<void>;
  /** Writes what is left, and ends. */
  close(): Promise<void>;
}
