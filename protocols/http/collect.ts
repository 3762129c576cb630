import type { BodySink, Exchange } from "./exchange.ts";

/** Bytes to begin with when nobody said how many come. */
const FIRST_BYTES = 4 * 1024;
/** A client is believed when it announces this much; beyond, memory grows with what comes. */
const BELIEVED_BYTES = 64 * 1024;

/** Calls `done` with the whole body, a copy; a body of more than `maxBytes` is answered 413. */
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
      // The whole body at once, as nearly always.
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
