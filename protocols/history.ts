/** A question about what was published to the topics that a filter selects. */
export interface HistoryQuestion {
  /** The earliest time to look at, in milliseconds since 1970. */
  readonly since: number;
  /** The most messages to return: the newest, where there are more. */
  readonly limit: number;
}

/** How many messages a question about the past returns. */
export const historyLimits = {
  /** 100, when nobody says: as many as a person looks at. */
  usual: 100,
  /** 1,000 at most: reading them takes a few milliseconds, in which nobody else is served. */
  most: 1_000,
};

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * The moment, in milliseconds since 1970, that a text names: as such a number, as a date of ISO
 * 8601, or as the time that has passed since, such as `24h`. Undefined when it names none.
 */
export function readSince(text: string, now: number): number | undefined {
  if (/^\d{1,16}$/.test(text)) return Number(text);
  const ago = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (ago !== null) return now - Number(ago[1]) * unitMs[ago[2]!]!;
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? undefined : time;
}
