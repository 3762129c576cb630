import { type Clock, systemClock } from "../clock.ts";

/** What is looked at, and how often. */
interface LookoutOptions {
  readonly everyMs: number;
  /** Looks, and tells the listeners when something has changed. */
  look(): unknown;
  readonly clock?: Pick<Clock, "after"> | undefined;
}

/**
 * Those who want to hear of changes. As long as there is anybody, it looks for changes at
 * intervals.
 */
export class Lookout<T> {
  readonly #listeners = new Set<(value: T) => void>();
  #cancel: (() => void) | undefined;

  constructor(readonly options: LookoutOptions) {}

  /** Has `said` called by `tell`, until the returned function is called. */
  add(said: (value: T) => void): () => void {
    // A function of its own for each call, since the same function may be added twice.
    const listener = (value: T) => said(value);
    this.#listeners.add(listener);
    if (this.#cancel === undefined) this.#wait();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#cancel?.();
      this.#cancel = undefined;
    };
  }

  /** Tells everybody. */
  tell(value: T): void {
    for (const each of [...this.#listeners]) each(value);
  }

  #wait(): void {
    const { everyMs, look, clock = systemClock } = this.options;
    this.#cancel = clock.after(everyMs, () => {
      this.#wait();
      look();
    });
  }
}
