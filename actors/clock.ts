/** Time, as actors see it; tests move one by hand. */
export interface Clock {
  /** Whole milliseconds since 1970. Never runs backwards. */
  now(): number;
  /** Runs `work` once, `ms` from now; the answer cancels it. */
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
