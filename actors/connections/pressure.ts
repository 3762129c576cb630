import type { Gate, Publisher } from "../../protocols/session.ts";

/** An alarm this late shows that our own process stood still, which is no fault of the peer. */
const STALL_MS = 50;

/**
 * How far one receiver is behind. While it is behind, publishers wait here, but no longer than
 * a grace period: then it is slow, and they go on without it until it has drained.
 */
export class Pressure implements Gate {
  #state: "free" | "behind" | "slow" = "free";
  #since = 0;
  // Few receivers are ever behind, so most never have the set.
  #waiting: Set<Publisher> | undefined;

  constructor(readonly graceMs: number) {}

  /** Behind for longer than the grace period, and not drained since. */
  get slow(): boolean {
    return this.#state === "slow";
  }

  /** Not behind, and nobody waits. */
  get calm(): boolean {
    return this.#state === "free" && this.#waiting === undefined;
  }

  /** When `update` must be called at the latest. */
  get deadline(): number {
    return this.#state === "behind" ? this.#since + this.graceMs : Infinity;
  }

  wait(publisher: Publisher): void {
    (this.#waiting ??= new Set()).add(publisher);
  }

  /** Takes the present load; answers when the receiver has just become slow, or caught up. */
  update(load: { behind: boolean; drained: boolean }, now: number): "slow" | "caught up" | void {
    if (this.#state === "slow") {
      if (!load.drained) return;
      this.#state = "free";
      return "caught up";
    }
    if (!load.behind) {
      this.#state = "free";
      this.open();
      return;
    }
    if (this.#state === "free") {
      this.#state = "behind";
      this.#since = now;
    } else if (now >= this.deadline + STALL_MS) {
      this.#since = now;
    } else if (now >= this.deadline) {
      this.#state = "slow";
      this.open();
      return "slow";
    }
  }

  /** Lets everyone who waits go on. */
  open(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) { for (const publisher of waiting) publisher.release(this); }
  }
}
