import type { ByteStream } from "../transports/transport.ts";
import { Outbox } from "./outbox.ts";

/** Writes what one connection has to say: all of it, in order, one write at a time. */
export class Writer {
  readonly #stream: ByteStream;
  readonly #outbox: Outbox;
  readonly #wrote: () => void;
  readonly #failed: () => void;

  /** `wrote` runs after each write, and `failed` when the stream is broken. */
  constructor(
    stream: ByteStream,
    options: { limit: number; wrote: () => void; failed: () => void },
  ) {
    this.#stream = stream;
    this.#outbox = new Outbox(options.limit);
    this.#wrote = options.wrote;
    this.#failed = options.failed;
  }

  /** Bytes queued and bytes on their way. */
  get size(): number {
    return this.#outbox.size;
  }

  /** Queues a copy of `bytes`; false when there is no room. */
  push(bytes: Uint8Array): boolean {
    return this.#outbox.push(bytes);
  }

  /** Sends everything queued in one write, unless one is on its way: then its end does. */
  flush(): void {
    if (!this.#outbox.writing && this.#outbox.size > 0) this.#write();
  }

  async #write(): Promise<void> {
    const bytes = this.#outbox.take();
    try {
      // From 16 KiB on a write may be short.
      for (let at = 0; at < bytes.length;) at += await this.#stream.write(bytes.subarray(at));
    } catch {
      return this.#failed();
    }
    this.#outbox.written();
    this.#wrote();
  }
}
