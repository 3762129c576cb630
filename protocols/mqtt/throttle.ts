/**
 * Slows a client down to so many messages a second: a token bucket that holds those of a second.
 */
export class Throttle {
  #tokens: number;
  #at: number;

  constructor(readonly perSecond: number, now: number) {
    this.#tokens = perSecond;
    this.#at = now;
  }

  /** Takes a token, on credit if need be. Returns when there is one again: `now`, or later. */
  take(now: number): number {
    const { perSecond } = this;
    this.#tokens = Math.min(perSecond, this.#tokens + (now - this.#at) * perSecond / 1000) - 1;
    this.#at = now;
    return this.#tokens >= 0 ? now : now - this.#tokens * 1000 / perSecond;
  }
}
