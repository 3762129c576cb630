import type { Inbox } from "../session.ts";

/** Something with news for its peer. */
export interface Changed {
  /** Sends what is new. False when the socket took no more. */
  flush(now: number): boolean;
}

/** Milliseconds until a socket that took no more is tried again: its buffer drains in less. */
const RETRY_MS = 10;

/** Who has news for a peer. One signal in the session's mailbox stands for all of them. */
export class Changes {
  readonly #changed: Changed[] = [];
  #posted = false;
  /** When to look again although no signal will come; Infinity for never. */
  retryAt = Infinity;

  constructor(readonly inbox: Inbox, readonly maxBurst: number) {}

  /** Adds somebody, who sees to it that this happens once until `flush`. */
  add(item: Changed): void {
    this.#changed.push(item);
    this.#wake();
  }

  /** Sends what is new, to so many peers that others get their turn. */
  flush(now: number): void {
    this.#posted = false;
    this.retryAt = Infinity;
    const changed = this.#changed;
    let done = 0;
    while (done < changed.length && done < this.maxBurst) {
      if (!changed[done]!.flush(now)) {
        this.retryAt = now + RETRY_MS;
        break;
      }
      done++;
    }
    changed.splice(0, done);
    if (changed.length > 0 && this.retryAt === Infinity) this.#wake();
  }

  #wake(): void {
    if (this.#posted || this.retryAt !== Infinity) return;
    this.#posted = this.inbox.post(this);
    // A full mailbox takes no signal, but its turns end, and then deadlines are looked at.
    if (!this.#posted) this.retryAt = 0;
  }
}
