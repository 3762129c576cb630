import { parseDate } from "../messages/date.ts";

/** A request, as far as its conditions need it. */
interface Conditional {
  readonly method: string;
  readonly fields: { get(name: string): string | null | undefined };
}

/** A representation: its time in milliseconds since 1970, 0 when that is not known. */
interface Dated {
  readonly time: number;
}

/**
 * The status, 304 or 412, with which a request's conditions keep it from being carried out;
 * undefined when they do not (RFC 9110 §13.2.2). `current` is what is there now, `tagOf` makes its
 * entity tag.
 */
export function preconditions<Current extends Dated>(
  { method, fields }: Conditional,
  current: Current | undefined,
  now: number,
  tagOf: (current: Current) => string,
): 304 | 412 | undefined {
  const reads = method === "GET" || method === "HEAD";
  const ifMatch = fields.get("if-match") ?? undefined;
  if (ifMatch !== undefined) {
    if (!includesTag(ifMatch, current && tagOf(current), "strong")) return 412;
  } else if (isModifiedSince(fields.get("if-unmodified-since"), current, now) === true) {
    return 412;
  }
  const ifNoneMatch = fields.get("if-none-match") ?? undefined;
  if (ifNoneMatch !== undefined) {
    if (includesTag(ifNoneMatch, current && tagOf(current), "weak")) return reads ? 304 : 412;
  } else if (reads && isModifiedSince(fields.get("if-modified-since"), current, now) === false) {
    return 304;
  }
  return undefined;
}

/**
 * True when `If-Range` allows `Range` to be obeyed (RFC 9110 §13.1.5): the client certainly has a
 * part of what is there now.
 */
export function isStillTheSame(ifRange: string, tag: string, { time }: Dated): boolean {
  if (ifRange.startsWith('"')) return ifRange === tag;
  const date = parseDate(ifRange, time);
  return date !== undefined && date === Math.floor(time / 1000) * 1000;
}

/** True when `list` names the tag of what is there; `*` names any. */
function includesTag(
  list: string,
  current: string | undefined,
  comparison: "strong" | "weak",
): boolean {
  if (current === undefined) return false;
  if (list.trim() === "*") return true;
  const isWeak = current.startsWith("W/"), tag = isWeak ? current.slice(2) : current;
  if (isWeak && comparison === "strong") return false;
  for (const [, weak, each] of list.matchAll(/(W\/)?("[^"]*")/g)) {
    if (each === tag && (comparison === "weak" || weak === undefined)) return true;
  }
  return false;
}

/** Undefined when it cannot be said: without the field, a date in it, or a known time. */
function isModifiedSince(
  field: string | null | undefined,
  current: Dated | undefined,
  now: number,
): boolean | undefined {
  if (!field || current === undefined || current.time === 0) return undefined;
  const since = parseDate(field, now);
  // HTTP dates have whole seconds.
  return since === undefined ? undefined : Math.floor(current.time / 1000) * 1000 > since;
}
