import type { Inbox } from "../session.ts";

/** Something with news for its peer. */
export interface Changed {
  /** Sends what is new. False when the socket took no more. */
  flush(now: number): boolean;
}

/** Who has news for a peer. One signal in the session's mailbox stands for all of them. */
export class Changes {
  readonly #changed: Changed[] = [];
  #posted = false;
  /** When to look again although no signal will come; Infinity for never. */
  retryAt = Infinity;

  /** Set while the socket takes no more. */
  #isStuck = false;

  constructor(
    readonly inbox: Inbox,
    readonly maxBurst: number,
    /** Milliseconds until a socket that took no more is tried again; Infinity when it says so itself. */
    readonly retryMs: number,
  ) {}

  /** Adds somebody, who sees to it that this happens once until `flush`. */
  add(item: Changed): void {
    this.#changed.push(item);
    this.#wake();
  }

  /** Sends what is new, to so many peers that others get their turn. */
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
    // A full mailbox takes no signal, but its turns end, and then deadlines are looked at.
    if (!this.#posted) this.retryAt = 0;
  }
}
