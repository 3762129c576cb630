import { giveBack, lend } from "./pool.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Bytes waiting to be written, joined so that a burst leaves in one write. Idle, it holds no memory. */
export class Outbox {
  #buffer: Uint8Array = NOTHING;
  #used = 0;
  #leaving: Uint8Array = NOTHING;
  #leavingBytes = 0;

  constructor(public limit: number) {}

  /** Bytes queued and bytes on their way. */
  get size(): number {
    return this.#used + this.#leavingBytes;
  }

  /** True while bytes that `take` gave are being written. */
  get writing(): boolean {
    return this.#leavingBytes > 0;
  }

  /** Copies `bytes`; false when they would take the outbox past its limit. */
  push(bytes: Uint8Array): boolean {
    const needed = this.#used + bytes.length;
    if (needed + this.#leavingBytes > this.limit) return false;
    if (needed > this.#buffer.length) this.#grow(needed);
    this.#buffer.set(bytes, this.#used);
    this.#used = needed;
    return true;
  }

  /** Everything queued so far; what is pushed meanwhile goes elsewhere. Call `written` afterwards. */
  take(): Uint8Array {
    this.#leaving = this.#buffer;
    this.#leavingBytes = this.#used;
    this.#buffer = NOTHING;
    this.#used = 0;
    return this.#leaving.subarray(0, this.#leavingBytes);
  }

  /** What `take` gave has left. */
  written(): void {
    giveBack(this.#leaving);
    this.#leaving = NOTHING;
    this.#leavingBytes = 0;
  }

  #grow(needed: number): void {
    const grown = lend(needed);
    grown.set(this.#buffer.subarray(0, this.#used));
    giveBack(this.#buffer);
    this.#buffer = grown;
  }
}
