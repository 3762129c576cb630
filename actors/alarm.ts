import type { Clock } from "./clock.ts";

/**
 * One timer that follows a deadline which moves often: a later deadline costs nothing, the timer
 * fires early, finds that, and sleeps on.
 */
export class Alarm {
  #at = Infinity;
  #firesAt = Infinity;
  #cancel: (() => void) | undefined;

  constructor(readonly clock: Clock, readonly owner: { ring(): void }) {}

  /** Rings at `at` and not before; Infinity is never. */
  set(at: number): void {
    this.#at = at;
    if (at < this.#firesAt) this.#start();
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#firesAt = Infinity;
  }

  #start(): void {
    this.#cancel?.();
    this.#firesAt = this.#at;
    // A millisecond too early would ring twice.
    const delay = Math.ceil(this.#at - this.clock.now());
    this.#cancel = this.clock.after(delay, () => this.#fire());
  }

  #fire(): void {
    this.#cancel = undefined;
    this.#firesAt = Infinity;
    if (this.#at === Infinity) return;
    if (this.clock.now() < this.#at) this.#start();
    else this.owner.ring();
  }
}
