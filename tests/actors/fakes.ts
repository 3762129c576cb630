import { setImmediate } from "node:timers";
import type { Clock } from "../../actors/clock.ts";

/** A clock that stands still until it is moved. */
export class FakeClock implements Clock {
  #now = 1_000_000;
  #due: { at: number; work: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const entry = { at: this.#now + ms, work };
    this.#due.push(entry);
    return () => this.#due = this.#due.filter((each) => each !== entry);
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#due.length;
  }

  /** Moves on, firing what falls due on the way in its order, and lets the turns run. */
  async move(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((each) => each !== next);
      this.#now = Math.max(this.#now, next.at);
      next.work();
      await settle();
    }
    this.#now = until;
    await settle();
  }
}

/** Resolves when the turns queued by now, and those that they cause, have run: in some bursts, if need be. */
export async function settle(): Promise<void> {
  for (let burst = 0; burst < 8; burst++) {
    for (let i = 0; i < 64; i++) await Promise.resolve();
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}
