import type { ByteStream } from "../../transports/transport.ts";
import { type Flushing, flushLater } from "../scheduler.ts";
import type { Space } from "../space/space.ts";
import { HeldOutput } from "./held_output.ts";
import { Outbox } from "./outbox.ts";

/** A reason to hang up is shorter than this in every protocol. */
const LAST_WORDS_BYTES = 1024;

/** Whoever a writer writes for. */
export interface Voice {
  /** A write has ended. */
  wrote(): void;
  /** The stream is broken. */
  failed(): void;
  /** What was kept back until it was safe is void. */
  unstored(unsaid: Uint8Array): void;
}

/** Writes what one connection has to say: all of it, in order, one write at a time. */
export class Writer implements Flushing {
  readonly #stream: ByteStream;
  readonly #outbox: Outbox;
  readonly #owner: Voice;
  readonly #space: Space;
  #waits = false;
  /**
   * Output that waits until it is true; null after the store has failed: nothing is promised then.
   */
  #held: HeldOutput | null | undefined = undefined;

  constructor(stream: ByteStream, limit: number, owner: Voice, space: Space) {
    this.#stream = stream;
    this.#outbox = new Outbox(limit);
    this.#owner = owner;
    this.#space = space;
  }

  /** Bytes queued and bytes on their way. */
  get size(): number {
    return this.#outbox.size + (this.#held?.size ?? 0);
  }

  /** Queues a copy of `bytes`; false when there is no room. */
  push(bytes: Uint8Array): boolean {
    const { ledger } = this.#space;
    if (ledger === undefined || this.#held === null) return this.#outbox.push(bytes);
    if (this.#held === undefined) {
      if (!ledger.dirty) return this.#outbox.push(bytes);
      this.#held = new HeldOutput(
        ledger,
        (bytes) => void this.#outbox.push(bytes),
        (isSafe, unsaid) => this.#released(isSafe, unsaid),
      );
    }
    if (this.size + bytes.length > this.#outbox.limit) return false;
    this.#held.push(bytes);
    return true;
  }

  #released(isSafe: boolean, unsaid: Uint8Array = new Uint8Array(0)): void {
    this.#held = isSafe ? undefined : null;
    if (isSafe) this.flushLater();
    else this.#owner.unstored(unsaid);
  }

  /** Makes room for one short message beyond the limit. */
  allowLastWords(): void {
    this.#outbox.limit += LAST_WORDS_BYTES;
  }

  /** Sends everything queued in one write, soon, unless one is on its way: then its end does. */
  flushLater(): void {
    // This turn has ended: what the next ones say depends only on what they record themselves.
    if (this.#space.ledger !== undefined) this.#space.ledger.dirty = false;
    if (this.#waits || this.#outbox.writing || this.#outbox.size === 0) return;
    this.#waits = true;
    flushLater(this);
  }

  /** Called by the scheduler. */
  flush(): void {
    this.#waits = false;
    if (!this.#outbox.writing && this.#outbox.size > 0) this.#write();
  }

  async #write(): Promise<void> {
    const bytes = this.#outbox.take();
    try {
      // From 16 KiB on a write may be short.
      let at = await this.#stream.write(bytes);
      while (at < bytes.length) at += await this.#stream.write(bytes.subarray(at));
    } catch {
      return this.#owner.failed();
    }
    this.#space.traffic.bytesSent += bytes.length;
    this.#outbox.written();
    this.#owner.wrote();
  }
}
