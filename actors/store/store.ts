import type { HistoryQuestion } from "../../protocols/history.ts";
import { Entry, type SessionRecord, type Shelf } from "../../protocols/journal.ts";
import type { Delivery, Publication } from "../../protocols/publication.ts";
import type { Subscription } from "../../protocols/session.ts";
import { isMomentary } from "../../protocols/topic.ts";
import type { Holder, Ledger, WrittenQueue } from "../space/ledger.ts";
import type { Value } from "./batch.ts";
import { type CommitParts, Commits } from "./commits.ts";
import type { HistoryReader } from "./history.ts";
import type { WriterAnswer } from "./messages.ts";
import type { KnownQueue } from "./queues.ts";
import { extraOf, flagsOf } from "./rows.ts";
import type { Change } from "./schema.ts";
import { sessionValues, subscriptionFlags } from "./session_rows.ts";

/** Messages of the past between two searches for those that are too old. */
const HISTORY_SWEEP = 1_000;

/** What a store does. */
interface StoreParts extends Omit<CommitParts, "written"> {
  readonly past: HistoryReader;
  /** What waited in a queue before a restart. */
  readonly queue: (name: string) => KnownQueue | undefined;
  now(): number;
}

/** Records, for the writer, what must survive a restart. */
export class Store implements Ledger {
  refusals = 0;
  #next: number;
  readonly #commits: Commits;
  #unswept = 0;
  /** Those of this run by their names. */
  readonly #queues = new Map<string, WrittenQueue>();
  /** Messages of the past that could not be recorded. */
  #unremembered = 0;

  constructor(readonly parts: StoreParts, { next, written }: { next: number; written: number }) {
    this.#next = next;
    const { past } = parts;
    this.#commits = new Commits({ ...parts, written: (batch) => past.committed(batch) }, written);
  }

  get dirty(): boolean {
    return this.#commits.dirty;
  }

  set dirty(isDirty: boolean) {
    this.#commits.dirty = isDirty;
  }

  get failing(): boolean {
    return this.#commits.isStuck;
  }

  get fault(): string | undefined {
    return this.#commits.fault;
  }

  get batch(): number {
    return this.#commits.batch;
  }

  take(): number {
    return this.#next++;
  }

  entry(): Entry {
    return new Entry(this.take());
  }

  refuse(): void {
    this.refusals++;
  }

  touch(): void {
    this.dirty = this.parts.waits && this.batch > this.#commits.safe;
  }

  hold(holder: Holder): void {
    this.#commits.hold(holder);
  }

  saveRetained(publication: Publication, owner?: string): void {
    const { topic, payload, qos, time, origin } = publication;
    if (payload.length === 0) return this.#add("endRetained", [topic]);
    const by = typeof origin === "string" ? origin : undefined;
    const length = this.#commits.building.keep(payload);
    const values = [topic, length, qos, Math.floor(time), extraOf(publication, { by, owner })];
    this.#add("saveRetained", values);
  }

  saveSession(record: SessionRecord): void {
    this.#add("saveSession", sessionValues(record));
  }

  endSession(key: number): void {
    for (const change of ["endSession", "endSubscriptions", "endIds"] as const) {
      this.#add(change, [key]);
    }
    this.#endMessages(key);
  }

  saveGroup(key: number, name: string): void {
    this.#add("saveGroup", [key, name]);
  }

  endGroup(key: number): void {
    this.#add("endGroup", [key]);
    this.#endMessages(key);
  }

  #endMessages(owner: number): void {
    this.#commits.building.segments.forget(owner);
    this.#add("endSegments", [owner]);
    this.#add("endAllMarks", [owner]);
  }

  saveSubscription(key: number, filter: string, subscription: Subscription): void {
    const { id = null } = subscription;
    this.#add("saveSubscription", [key, filter, subscriptionFlags(subscription), id]);
  }

  endSubscription(key: number, filter: string): void {
    this.#add("endSubscription", [key, filter]);
  }

  saveMessage(owner: number, entry: Entry, delivery: Delivery, shelf?: Shelf): void {
    // One that comes back to its group is there already.
    if (entry.segment !== undefined) return;
    this.#commits.building.segments.save(owner, entry, delivery, shelf);
    this.#changed();
    this.dirty = this.parts.waits;
  }

  sent({ segment, number }: Entry, packetId: number): void {
    if (!segment) return;
    segment.marked = true;
    this.#add("sent", [segment.owner, number, packetId]);
  }

  received({ segment, number }: Entry): void {
    if (segment) this.#add("received", [segment.owner, number]);
  }

  endMessage(entry: Entry): void {
    this.#commits.building.segments.end(entry);
    // Nobody waits for this. If a crash forgets it the message comes again, which QoS 1 allows, and
    // which the receiver of QoS 2 notices.
    this.#changed();
  }

  saveId(key: number, packetId: number): void {
    this.#add("saveId", [key, packetId]);
  }

  endId(key: number, packetId: number): void {
    this.#add("endId", [key, packetId]);
  }

  saveHistory(publication: Publication): void {
    const { past } = this.parts;
    if (past.rules.length === 0) return;
    const { topic, payload, time } = publication, rule = past.ruleOf(topic);
    if (rule < 0 || isMomentary(topic)) return;
    if (this.failing) return void this.#unremembered++;
    const length = this.#commits.building.keep(payload), at = Math.floor(time || this.parts.now());
    const { filter } = past.rules[rule]!;
    const number = this.take();
    const values = [number, filter, topic, length, flagsOf(publication), at, extraOf(publication)];
    // Nobody was promised that it will be remembered, so nobody waits.
    this.#append("saveHistory", values);
    past.add(publication, number, this.batch);
    if (++this.#unswept < HISTORY_SWEEP) return;
    this.sweepHistory();
  }

  /** Forgets what is too old, or too much. */
  sweepHistory(): void {
    this.#unswept = 0;
    for (const { filter, keepMs, max } of this.parts.past.rules) {
      if (keepMs < Infinity) this.#append("endHistoryBefore", [filter, this.parts.now() - keepMs]);
      if (max < Infinity) this.#append("endHistoryBeyond", [filter, max]);
    }
  }

  history(filter: string, question: HistoryQuestion): Publication[] | undefined {
    const { past, now } = this.parts;
    return past.rules.length === 0 ? undefined : past.read(filter, question, now());
  }

  queueOf(name: string): WrittenQueue {
    const before = this.#queues.get(name);
    // Whoever had it in this run has ended what was in it, which the database may not know yet.
    if (before !== undefined) return before;
    const known = this.parts.queue(name), key = known?.key ?? this.take();
    if (known === undefined) this.saveGroup(key, name);
    const { messages = [], ids = [] } = known ?? {}, queue = { journal: this, key, messages, ids };
    this.#queues.set(name, { ...queue, messages: [], ids: [] });
    return queue;
  }

  describe(): Record<string, unknown> {
    const { changes, written, building } = this.#commits, { failing, refusals } = this;
    const pending = building.changes, unremembered = this.#unremembered;
    return { failing, refused: refusals, unremembered, changes, batches: written, pending };
  }

  flushed(): Promise<void> {
    const { batch } = this;
    if (batch <= this.#commits.safe) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.hold({
      committed: (safe) => safe >= batch && (resolve(), true),
      unstored: () => reject(new Error("Cannot write to the store")),
    });
    return promise;
  }

  async close(): Promise<void> {
    if (!await this.#commits.close()) this.parts.log.error("store closed with changes unwritten");
  }

  /** The writer has something to say. */
  answered(answer: WriterAnswer): void {
    this.#commits.answered(answer);
  }

  #add(change: Change, values: readonly Value[]): void {
    this.#append(change, values);
    this.dirty = this.parts.waits;
  }

  /** Records what nobody waits for. */
  #append(change: Change, values: readonly Value[]): void {
    this.#commits.building.add(change, values);
    this.#commits.changed();
  }

  /** Something of the messages has changed. */
  #changed(): void {
    this.#commits.building.changes++;
    this.#commits.changed();
  }
}
