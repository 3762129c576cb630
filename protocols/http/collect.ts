import type { BodySink, Exchange } from "./exchange.ts";

/** 4 KiB of room at first, when nobody has said how many bytes will come. */
const FIRST_BYTES = 4 * 1024;
/** 64 KiB of room for a client that announces as much or more; beyond, it grows with what comes. */
const BELIEVED_BYTES = 64 * 1024;

/** Calls `done` with a copy of the whole body. A body of more than `maxBytes` is answered 413. */
export function collect(
  exchange: Exchange,
  maxBytes: number,
  done: (body: Uint8Array) => void,
): void {
  exchange.receive(new Collector(exchange.contentLength, done), maxBytes);
}

class Collector implements BodySink {
  #bytes: Uint8Array;
  #size = 0;

  constructor(readonly length: number | undefined, readonly done: (body: Uint8Array) => void) {
    this.#bytes = new Uint8Array(0);
  }

  chunk(bytes: Uint8Array): void {
    if (bytes.length === this.length) {
      // Nearly always the whole body comes at once.
      this.#bytes = bytes.slice();
      this.#size = bytes.length;
      return;
    }
    this.#reserve(this.#size + bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  end(): void {
    this.done(this.#size === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#size));
  }

  aborted(): void {
    this.#bytes = new Uint8Array(0);
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return;
    const announced = Math.min(this.length ?? FIRST_BYTES, BELIEVED_BYTES);
    let room = Math.max(size, announced, 2 * this.#bytes.length);
    if (this.length !== undefined) room = Math.min(room, this.length);
    const bytes = new Uint8Array(room);
    bytes.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = bytes;
  }
}
