import type { Inbox } from "../../session.ts";

/** Something that may have news for its peer. */
export interface Changed {
  /** Sends what is new. False when the socket took no more. */
  flush(now: number): boolean;
}

/**
 * Everything that has news for a peer. One signal in the session's mailbox stands for all of it.
 */
export class Changes {
  readonly #changed: Changed[] = [];
  #posted = false;
  /** When to try again although no signal will come; Infinity for never. */
  retryAt = Infinity;

  /** True while the socket takes no more. */
  #isStuck = false;

  constructor(
    readonly inbox: Inbox,
    readonly maxBurst: number,
    /** As `MessageLayer.retryMs`. */
    readonly retryMs: number,
  ) {}

  /** Adds an item, which must not be added again before it is flushed. */
  add(item: Changed): void {
    this.#changed.push(item);
    this.#wake();
  }

  /** Sends the news of as many items as fit into one turn. */
  flush(now: number): void {
    this.#posted = this.#isStuck = false;
    this.retryAt = Infinity;
    const changed = this.#changed;
    let done = 0;
    while (done < changed.length && done < this.maxBurst) {
      if (!changed[done]!.flush(now)) {
        this.#isStuck = true;
        this.retryAt = now + this.retryMs;
        break;
      }
      done++;
    }
    changed.splice(0, done);
    if (changed.length > 0) this.#wake();
  }

  #wake(): void {
    if (this.#posted || this.#isStuck || this.retryAt !== Infinity) return;
    this.#posted = this.inbox.post(this);
    // A full mailbox takes no signal. But after each turn deadlines are read, and this is one.
    if (!this.#posted) this.retryAt = 0;
  }
}
