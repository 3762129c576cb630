import type { Traffic } from "../protocols/traffic.ts";
import type { ByteStream } from "../transports/transport.ts";
import { Outbox } from "./outbox.ts";
import { type Flushing, flushLater } from "./scheduler.ts";

/** A reason to hang up is shorter than this in every protocol. */
const LAST_WORDS_BYTES = 1024;

/** Whoever has a writer write. */
export interface Voice {
  /** A write has ended. */
  wrote(): void;
  /** The stream is broken. */
  failed(): void;
}

/** Writes what one connection has to say: all of it, in order, one write at a time. */
export class Writer implements Flushing {
  readonly #stream: ByteStream;
  readonly #outbox: Outbox;
  readonly #owner: Voice;
  #waits = false;

  constructor(stream: ByteStream, limit: number, owner: Voice, readonly traffic: Traffic) {
    this.#stream = stream;
    this.#outbox = new Outbox(limit);
    this.#owner = owner;
  }

  /** Bytes queued and bytes on their way. */
  get size(): number {
    return this.#outbox.size;
  }

  /** Queues a copy of `bytes`; false when there is no room. */
  push(bytes: Uint8Array): boolean {
    return this.#outbox.push(bytes);
  }

  /** Makes room for one short message beyond the limit. */
  allowLastWords(): void {
    this.#outbox.limit += LAST_WORDS_BYTES;
  }

  /** Sends everything queued in one write, soon, unless one is on its way: then its end does. */
  flushLater(): void {
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
      for (let at = 0; at < bytes.length;) at += await this.#stream.write(bytes.subarray(at));
    } catch {
      return this.#owner.failed();
    }
    this.traffic.bytesSent += bytes.length;
    this.#outbox.written();
    this.#owner.wrote();
  }
}
