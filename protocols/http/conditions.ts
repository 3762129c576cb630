import type { Publication } from "../publication.ts";
import { parseDate } from "./date.ts";
import type { RequestHead } from "./message.ts";
import { entityTag } from "./state.ts";

/**
 * Whether a request's conditions forbid it (RFC 9110 §13.2.2): 304 or 412; undefined when they do
 * not. `current` is the stored value.
 */
export function preconditions(
  { method, fields }: RequestHead,
  current: Publication | undefined,
  now: number,
): 304 | 412 | undefined {
  const reads = method === "GET" || method === "HEAD";
  const ifMatch = fields.get("if-match");
  if (ifMatch !== undefined) {
    if (!includesTag(ifMatch, current, "strong")) return 412;
  } else if (isModifiedSince(fields.get("if-unmodified-since"), current, now) === true) {
    return 412;
  }
  const ifNoneMatch = fields.get("if-none-match");
  if (ifNoneMatch !== undefined) {
    if (includesTag(ifNoneMatch, current, "weak")) return reads ? 304 : 412;
  } else if (reads && isModifiedSince(fields.get("if-modified-since"), current, now) === false) {
    return 304;
  }
  return undefined;
}

/** True when `list` names the tag of `current`; `*` names any. */
function includesTag(
  list: string,
  current: Publication | undefined,
  comparison: "strong" | "weak",
): boolean {
  if (current === undefined) return false;
  if (list.trim() === "*") return true;
  const tag = entityTag(current);
  for (const [, weak, each] of list.matchAll(/(W\/)?("[^"]*")/g)) {
    if (each === tag && (comparison === "weak" || weak === undefined)) return true;
  }
  return false;
}

/** Undefined when the question makes no sense: no such field, not a date, or no time is known. */
function isModifiedSince(
  field: string | undefined,
  current: Publication | undefined,
  now: number,
): boolean | undefined {
  if (field === undefined || current === undefined || current.time === 0) return undefined;
  const since = parseDate(field, now);
  // HTTP dates have whole seconds.
  return since === undefined ? undefined : Math.floor(current.time / 1000) * 1000 > since;
}
