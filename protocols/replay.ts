import { historyLimits } from "./history.ts";
import type { Publication } from "./publication.ts";
import type { Hub, Receiver, Subscription } from "./session.ts";

/** Steps, those in vain included, before others have a turn: a part of a millisecond. */
export const TURN_STEPS = 256;

/** What was published between two moments, in milliseconds since 1970. */
export interface Period {
  readonly since: number;
  readonly until: number;
}

/** What a new subscription is sent first: the past that it wants, or else what is stored. */
export class Replay {
  #values: Iterator<Publication | undefined> | undefined;
  readonly receiver: Receiver;
  #period: Period | undefined;

  constructor(
    readonly hub: Hub,
    readonly filter: string,
    readonly subscription: Subscription,
    { period, receiver = hub.self }: { period?: Period | undefined; receiver?: Receiver } = {},
  ) {
    this.receiver = receiver;
    this.#period = period;
  }

  /** True for what was published, rather than for what is stored. */
  get isPast(): boolean {
    return this.#period !== undefined;
  }

  /** True when the next step takes a turn of its own: to read the past takes milliseconds. */
  get isLong(): boolean {
    return this.isPast && this.#values === undefined;
  }

  /** The next value, or undefined for a step that found none. */
  next(): IteratorResult<Publication | undefined> {
    return (this.#values ??= this.#open()).next();
  }

  #open(): Iterator<Publication | undefined> {
    const { hub, filter, subscription, receiver } = this, period = this.#period;
    const question = period && { since: period.since, limit: historyLimits.most };
    const past = question && hub.history?.(filter, question, subscription, receiver);
    // What came later has been sent, or waits.
    if (past !== undefined) return past.filter(({ time }) => time <= period!.until).values();
    this.#period = undefined;
    return hub.retainedMatching(filter, subscription, receiver);
  }
}

/** The steps that one client takes in a turn. */
export class Steps {
  #left = TURN_STEPS;

  /** Takes a step of `replay`; false when others have to have a turn first. */
  take(replay: Replay): boolean {
    if (this.#left === 0 || (replay.isLong && this.#left < TURN_STEPS)) return false;
    this.#left--;
    return true;
  }

  /** Others have had a turn. */
  renew(): void {
    this.#left = TURN_STEPS;
  }
}
