import type { Publication } from "../publication.ts";
import type { Subscription } from "../session.ts";
import type { Link } from "./mode.ts";

/** Sends the stored values of new subscriptions, no faster than the peer takes them. */
export class RetainedValues<Request> {
  #waiting: { values: Iterator<Publication>; request: Request }[] = [];
  readonly #link: Link;
  readonly #send: (value: Publication, request: Request) => void;

  constructor(link: Link, send: (value: Publication, request: Request) => void) {
    this.#link = link;
    this.#send = send;
  }

  /** Sends the stored values that `filter` selects, now or as soon as there is room. */
  add(filter: string, subscription: Subscription, request: Request): void {
    const values = this.#link.hub.retainedMatching(filter, subscription);
    this.#waiting.push({ values, request });
    this.run();
  }

  /** Goes on while there is room. */
  run(): void {
    const { wire } = this.#link;
    while (this.#waiting.length > 0 && !wire.full && this.#link.open) {
      const { values, request } = this.#waiting[0]!;
      const next = values.next();
      if (next.done) this.#waiting.shift();
      else this.#send(next.value, request);
    }
  }

  /** Forgets values that were not sent. */
  stop(): void {
    this.#waiting = [];
  }
}
