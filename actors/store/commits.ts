import { clearTimeout, setTimeout } from "node:timers";
import type { Log } from "../log.ts";
import type { Holder } from "../space/ledger.ts";
import { BatchBuilder } from "./batch.ts";
import type { WriterAnswer } from "./messages.ts";
import type { RedoLog } from "./redo_log.ts";
import type { WriterThread } from "./writer_thread.ts";

/**
 * While nobody waits for the writer, changes are collected for so long, or up to this size: fewer
 * and larger transactions cost less.
 */
const PAUSE_MS = 50, ENOUGH_BYTES = 2 << 20;

/** 512 MiB may wait for a slow disk: publishers of QoS 0 never do. */
const MOST_BYTES = 512 << 20;

/** What commits need. */
export interface CommitParts {
  readonly writer: WriterThread;
  readonly log: Log;
  /** Where changes are safe before they are written, if that is enough. */
  readonly redo: RedoLog | undefined;
  /** False when nobody waits until something is safe. */
  readonly waits: boolean;
  /** Bytes that may wait for the writer. */
  readonly mostBytes?: number;
  /** The database has all up to this batch. */
  written(batch: number): void;
}

/** Has changes written, in batches, and tells those who wait for that. */
export class Commits {
  /** True when something was recorded, or repeated, that what is said now must wait for. */
  dirty = false;
  /** Why nothing can be written, while that is so. */
  fault: string | undefined = undefined;
  changes = 0;
  building: BatchBuilder;
  /** The last batch that is safe, and the last that the database has. */
  safe: number;
  written: number;
  /** True while the writer has a batch. */
  #busy = false;
  #scheduled = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #holders = new Set<Holder>();

  constructor(readonly parts: CommitParts, written: number) {
    this.safe = this.written = written;
    this.building = new BatchBuilder(written + 1);
  }

  /** The batch that what is recorded now belongs to. */
  get batch(): number {
    const { batch, changes } = this.building;
    return changes > 0 ? batch : batch - 1;
  }

  /** True while nothing more can be taken: the writer fails, or has far too much to do. */
  get isStuck(): boolean {
    return this.fault !== undefined || this.building.memory > (this.parts.mostBytes ?? MOST_BYTES);
  }

  hold(holder: Holder): void {
    this.#holders.add(holder);
  }

  /** Something has been recorded: what this turn and those with it record is one batch. */
  changed(): void {
    if (this.#scheduled || this.#busy && this.parts.redo === undefined) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#proceed();
    });
  }

  /** Resolves with true when all has been written. */
  close(): Promise<boolean> {
    // What the writer has is before it, and before the end.
    this.#busy = false;
    this.#send();
    return this.parts.writer.close();
  }

  /** The writer has something to say. */
  answered(answer: WriterAnswer): void {
    this.#busy = false;
    if (answer.kind === "committed") this.#isWritten(answer.batch);
    else if (answer.kind === "failed") this.#hasFailed(answer.reason);
    this.#proceed();
  }

  #proceed(): void {
    if (this.#isLogging) this.#record();
    const { building } = this, somebodyWaits = this.parts.waits && !this.#isLogging;
    if (somebodyWaits || building.size >= ENOUGH_BYTES) this.#send();
    else if (!building.isEmpty) this.#timer ??= setTimeout(() => this.#send(), PAUSE_MS);
  }

  /** True while all that went before is in the log or the database: nothing is redone without it. */
  get #isLogging(): boolean {
    return this.parts.redo !== undefined && this.fault === undefined &&
      this.safe === this.building.batch - 1;
  }

  /** What is new becomes safe in the log, if there is room. */
  #record(): void {
    const { building, written } = this;
    if (building.changes === 0) return;
    this.#end();
    const piece = building.cut();
    if (this.parts.redo!.append(piece, written)) this.#isSafe(piece.batch);
  }

  /** All that the writer does not have yet goes to it, as one transaction. */
  #send(): void {
    if (this.#busy) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { building } = this;
    if (building.changes > 0) {
      this.#end();
      building.cut();
    }
    if (building.isEmpty) return;
    this.#busy = true;
    this.building = new BatchBuilder(building.batch);
    this.parts.writer.write(building.build());
  }

  /** This turn has ended: what the next ones say depends only on what they record themselves. */
  #end(): void {
    this.dirty = false;
    this.changes += this.building.changes;
  }

  #isWritten(batch: number): void {
    if (this.fault !== undefined) this.parts.log.warn("store can be written again");
    this.fault = undefined;
    this.written = batch;
    this.parts.written(batch);
    if (batch > this.safe) this.#isSafe(batch);
  }

  #isSafe(batch: number): void {
    this.safe = batch;
    for (const holder of this.#holders) {
      if (holder.committed(batch)) this.#holders.delete(holder);
    }
  }

  #hasFailed(reason: string): void {
    if (this.fault === undefined) this.parts.log.error("store cannot be written", { reason });
    this.fault = reason;
    const holders = [...this.#holders];
    this.#holders.clear();
    for (const holder of holders) holder.unstored();
  }
}
