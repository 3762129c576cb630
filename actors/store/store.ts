import type { HistoryQuestion } from "../../protocols/history.ts";
import type { SessionRecord } from "../../protocols/journal.ts";
import type { Delivery, Publication } from "../../protocols/publication.ts";
import type { Subscription } from "../../protocols/session.ts";
import type { Holder, Ledger, WrittenQueue } from "../ledger.ts";
import { isMomentary } from "../../protocols/topic.ts";
import type { Log } from "../log.ts";
import { BatchBuilder, type Value } from "./batch.ts";
import type { HistoryReader } from "./history.ts";
import type { WriterAnswer } from "./messages.ts";
import type { KnownQueue } from "./queues.ts";
import { extraOf, flagsOf } from "./rows.ts";
import type { Change } from "./schema.ts";
import { sessionValues, subscriptionFlags } from "./session_rows.ts";
import type { WriterThread } from "./writer_thread.ts";

/** Messages of the past between two searches for those that are too old. */
const HISTORY_SWEEP = 1_000;

/** What a store does. */
export interface StoreParts {
  readonly writer: WriterThread;
  readonly log: Log;
  /** False when nobody waits until something is safe. */
  readonly waits: boolean;
  readonly past: HistoryReader;
  /** What waited in a queue before a restart. */
  readonly queue: (name: string) => KnownQueue | undefined;
  now(): number;
}

/** Collects what must survive, has it written, and tells those who wait for that. */
export class Store implements Ledger {
  dirty = false;
  failing = false;
  refusals = 0;
  #next: number;
  #building = new BatchBuilder(1);
  #committed = 0;
  #changes = 0;
  /** True while the writer has a batch. */
  #busy = false;
  #scheduled = false;
  #unswept = 0;
  readonly #holders = new Set<Holder>();

  constructor(readonly parts: StoreParts, next: number) {
    this.#next = next;
  }

  get batch(): number {
    const { batch, changes } = this.#building;
    return changes > 0 ? batch : batch - 1;
  }

  take(): number {
    return this.#next++;
  }

  refuse(): void {
    this.refusals++;
  }

  touch(): void {
    this.dirty = this.parts.waits && this.batch > this.#committed;
  }

  hold(holder: Holder): void {
    this.#holders.add(holder);
  }

  saveRetained(publication: Publication): void {
    const { topic, payload, qos, time, origin } = publication;
    if (payload.length === 0) return this.#add("endRetained", [topic]);
    const by = typeof origin === "string" ? origin : undefined;
    const length = this.#building.keep(payload);
    const values = [topic, length, qos, Math.floor(time), extraOf(publication, { by })];
    this.#add("saveRetained", values);
  }

  saveSession(record: SessionRecord): void {
    this.#add("saveSession", sessionValues(record));
  }

  endSession(key: number): void {
    for (const change of ["endSession", "endSubscriptions", "endMessages", "endIds"] as const) {
      this.#add(change, [key]);
    }
  }

  saveGroup(key: number, name: string): void {
    this.#add("saveGroup", [key, name]);
  }

  endGroup(key: number): void {
    this.#add("endGroup", [key]);
    this.#add("endMessages", [key]);
  }

  saveSubscription(key: number, filter: string, subscription: Subscription): void {
    const { id = null } = subscription;
    this.#add("saveSubscription", [key, filter, subscriptionFlags(subscription), id]);
  }

  endSubscription(key: number, filter: string): void {
    this.#add("endSubscription", [key, filter]);
  }

  saveMessage(owner: number, number: number, delivery: Delivery): void {
    const { publication, ids } = delivery, { topic, payload, time } = publication;
    const length = this.#building.keep(payload), flags = flagsOf(publication, delivery);
    const extra = extraOf(publication, { ids });
    this.#add("saveMessage", [number, owner, topic, length, flags, Math.floor(time), extra]);
  }

  sent(number: number, packetId: number): void {
    this.#add("sent", [number, packetId]);
  }

  received(number: number): void {
    this.#add("received", [number]);
  }

  endMessage(number: number): void {
    // Forgotten by a crash, this has a message come again, which QoS 1 allows and QoS 2 has an answer
    // to: nobody has to wait.
    this.#append("endMessage", [number]);
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
    const length = this.#building.keep(payload), at = Math.floor(time || this.parts.now());
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
    const known = this.parts.queue(name), key = known?.key ?? this.take();
    if (known === undefined) this.saveGroup(key, name);
    return { journal: this, key, messages: known?.messages ?? [] };
  }

  describe(): Record<string, unknown> {
    const { failing, refusals } = this;
    const pending = this.#building.changes;
    return {
      failing,
      refused: refusals,
      changes: this.#changes,
      batches: this.#committed,
      pending,
    };
  }

  flushed(): Promise<void> {
    const { batch } = this;
    if (batch <= this.#committed) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.hold({
      committed: (safe) => safe >= batch && (resolve(), true),
      unstored: () => reject(new Error("Cannot write to the store")),
    });
    return promise;
  }

  async close(): Promise<void> {
    // What the writer has is before it, and before the end.
    this.#busy = false;
    this.#send();
    if (!await this.parts.writer.close()) {
      this.parts.log.error("store closed with changes unwritten");
    }
  }

  /** The writer has something to say. */
  answered(answer: WriterAnswer): void {
    this.#busy = false;
    if (answer.kind === "committed") this.#isSafe(answer.batch);
    else if (answer.kind === "failed") this.#hasFailed(answer.reason);
    if (this.#building.changes > 0) this.#send();
  }

  #isSafe(batch: number): void {
    if (this.failing) this.parts.log.warn("store can be written again");
    this.failing = false;
    this.#committed = batch;
    this.parts.past.committed(batch);
    for (const holder of this.#holders) {
      if (holder.committed(batch)) this.#holders.delete(holder);
    }
  }

  #hasFailed(reason: string): void {
    if (!this.failing) this.parts.log.error("store cannot be written", { reason });
    this.failing = true;
    const holders = [...this.#holders];
    this.#holders.clear();
    for (const holder of holders) holder.unstored();
  }

  #add(change: Change, values: readonly Value[]): void {
    this.#append(change, values);
    this.dirty = this.parts.waits;
  }

  #append(change: Change, values: readonly Value[]): void {
    this.#building.add(change, values);
    if (this.#busy || this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#send());
  }

  /** All that the turns up to now have recorded goes in one transaction. */
  #send(): void {
    this.#scheduled = false;
    const building = this.#building;
    if (this.#busy || building.changes === 0) return;
    this.#busy = true;
    this.dirty = false;
    this.#changes += building.changes;
    this.#building = new BatchBuilder(building.batch + 1);
    this.parts.writer.write(building.build());
  }
}
