import { giveBack, lend } from "./pool.ts";

/** An idle connection costs this much to listen to. */
const IDLE_BYTES = 2048;
/** One read takes at most this much, unless a single packet is larger. */
const BUSY_BYTES = 64 * 1024;

/** Bytes received and not yet used. Grows while traffic flows, and shrinks when it stops. */
export class Input {
  #buffer: Uint8Array = lend(IDLE_BYTES);
  #start = 0;
  #end = 0;
  #eager = false;

  /** Unused bytes. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** The unused bytes: a view, valid until `space` is called. */
  get view(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Where the next read goes. */
  space(): Uint8Array {
    const wanted = this.#size();
    if (wanted !== this.#buffer.length) this.#move(wanted);
    else if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    // An idle connection's read is under way for hours: it need not hold a view as well.
    return this.#end === 0 ? this.#buffer : this.#buffer.subarray(this.#end);
  }

  /** `count` bytes were read into `space`. */
  filled(count: number): void {
    this.#end += count;
    // A read that fills its buffer says that more is waiting.
    this.#eager = this.#end === this.#buffer.length;
  }

  /** `count` bytes have been used. Nothing moves: a read into `space` may be under way. */
  skip(count: number): void {
    this.#start += count;
  }

  /** Gives the memory back. Nothing may be read into it any more. */
  release(): void {
    giveBack(this.#buffer);
    this.#buffer = new Uint8Array(0);
    this.#start = this.#end = 0;
  }

  #size(): number {
    const { length } = this.#buffer, left = this.size;
    // Full of one unfinished packet: only more room helps.
    if (left === length) return length * 2;
    if (this.#eager && length < BUSY_BYTES) return length * 4;
    // Large only for a packet that has gone, or for traffic that has stopped.
    if (length > BUSY_BYTES && left <= BUSY_BYTES / 2) return BUSY_BYTES;
    if (left === 0 && !this.#eager && length > IDLE_BYTES) return length / 2;
    return length;
  }

  #move(bytes: number): void {
    const moved = lend(bytes);
    moved.set(this.view);
    giveBack(this.#buffer);
    this.#buffer = moved;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
