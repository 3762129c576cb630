import { type Clock, systemClock } from "../clock.ts";

/** How often somebody looks, and at which clock. */
export interface LookoutOptions {
  readonly everyMs: number;
  /** Looks, and tells the listeners when something has changed. */
  look(): unknown;
  readonly clock?: Pick<Clock, "after"> | undefined;
}

/** Whoever wants to hear of changes; somebody looks for them as long as there is anyone. */
export class Lookout<T> {
  readonly #listeners = new Set<(value: T) => void>();
  #cancel: (() => void) | undefined;

  constructor(readonly options: LookoutOptions) {}

  /** Has `said` called by `tell`, until the answer is called. */
  add(said: (value: T) => void): () => void {
    // One of its own, though the same function may listen twice.
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
