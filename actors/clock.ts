/**
 * Where a gateway gets the time from and sets its timers; tests give it one that they move by hand.
 *
 * @example A gateway in the past
 * ```ts
 * import { type Clock, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const clock: Clock = { now: () => 1_000, after: () => () => {} };
 * await using hub = gateway({ clock });
 * hub.publish("a", "1", { retain: true });
 * assert.equal(hub.retained("a")?.time, 1_000);
 * ```
 */
export interface Clock {
  /** Whole milliseconds since 1970. Never runs backwards. */
  now(): number;
  /** Runs `work` once, `ms` milliseconds from now; the returned function cancels that. */
  after(ms: number, work: () => void): () => void;
}

/** The longest delay that `setTimeout` takes, in milliseconds: 24.8 days. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The machine's clock; monotonic, so an operator who sets the date upsets no deadline. */
export const systemClock: Clock = {
  now: () => Math.floor(performance.timeOrigin + performance.now()),
  after(ms, work) {
    const timer = setTimeout(work, Math.min(Math.max(0, ms), MAX_DELAY_MS));
    return () => clearTimeout(timer);
  },
};
