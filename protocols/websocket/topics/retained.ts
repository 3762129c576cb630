import type { Publication } from "../../publication.ts";
import { type Replay, Steps } from "../../replay.ts";
import type { Link } from "../mode.ts";

/** Sends what new subscriptions are sent first, no faster than the peer takes it. */
export class RetainedValues<Request> {
  readonly #waiting = new Map<string, { replay: Replay; request: Request }>();
  #isResting = false;
  readonly #steps = new Steps();

  constructor(
    readonly link: Link,
    readonly send: (value: Publication, request: Request, isPast: boolean) => void,
  ) {}

  /** Sends it, now or as there is room; from the beginning if its filter was there before. */
  add(replay: Replay, request: Request): void {
    this.#waiting.set(replay.filter, { replay, request });
    this.run();
  }

  /** Sends no more of this filter: its subscription has ended. */
  remove(filter: string): void {
    this.#waiting.delete(filter);
  }

  /** Goes on while there is room. */
  run(): void {
    const { link } = this;
    for (const [filter, { replay, request }] of this.#waiting) {
      for (;;) {
        if (this.#isResting || link.wire.full || !link.open) return;
        if (!this.#steps.take(replay) && this.#rest()) return;
        const { value, done } = replay.next();
        if (done) break;
        if (value !== undefined) this.send(value, request, replay.isPast);
      }
      this.#waiting.delete(filter);
    }
  }

  /** Forgets values that were not sent. */
  stop(): void {
    this.#waiting.clear();
  }

  /** Lets others have a turn; false when that cannot be. */
  #rest(): boolean {
    this.#steps.renew();
    return this.#isResting = this.link.hub.self.post(() => {
      this.#isResting = false;
      this.run();
    });
  }
}
