const ascii = new TextEncoder();
const LENGTH = "Sun, 06 Nov 1994 08:49:37 GMT".length;

// Every answer has a `Date` field, which changes only once a second.
let second = -1;
let text = "";
const bytes = new Uint8Array(LENGTH);

/** A time in milliseconds since 1970 as an HTTP date (RFC 9110 §5.6.7). */
export function formatDate(time: number): string {
  return new Date(time).toUTCString();
}

/** The present time as an HTTP date, which is made once a second. */
export function dateText(now: number): string {
  const current = Math.floor(now / 1000);
  if (current !== second) {
    second = current;
    text = formatDate(current * 1000);
    ascii.encodeInto(text, bytes);
  }
  return text;
}

/** The bytes of `dateText`, valid until the next call. */
export function dateBytes(now: number): Uint8Array {
  dateText(now);
  return bytes;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const IMF = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/;
const RFC_850 = /^[A-Z][a-z]{5,8}, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/;

/**
 * The time, in milliseconds since 1970, of an HTTP date in any of its three forms (RFC 9110
 * §5.6.7); undefined when it is none. `now` decides the century of a year of two digits.
 */
export function parseDate(value: string, now: number): number | undefined {
  let parts = IMF.exec(value);
  if (parts) return time(parts[3]!, parts[2]!, parts[1]!, parts.slice(4));
  parts = ASCTIME.exec(value);
  if (parts) return time(parts[6]!, parts[1]!, parts[2]!, parts.slice(3, 6));
  parts = RFC_850.exec(value);
  if (!parts) return undefined;
  const thisYear = new Date(now).getUTCFullYear();
  let year = thisYear - thisYear % 100 + Number(parts[3]);
  // A date more than 50 years ahead is meant to be in the past (RFC 9110 §5.6.7).
  if (year > thisYear + 50) year -= 100;
  return time(String(year), parts[2]!, parts[1]!, parts.slice(4));
}

function time(
  year: string,
  month: string,
  day: string,
  clock: readonly string[],
): number | undefined {
  const [hour, minute, second] = clock.map(Number) as [number, number, number];
  const monthIndex = MONTHS.indexOf(month);
  if (monthIndex < 0 || Number(day) < 1 || Number(day) > 31) return undefined;
  // 60: a leap second.
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  return Date.UTC(Number(year), monthIndex, Number(day), hour, minute, second);
}
