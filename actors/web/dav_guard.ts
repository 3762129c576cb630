import { type IfList, parseIf } from "../../protocols/web/if_header.ts";
import type { LockTable } from "../../protocols/web/locks.ts";

/** What conditions of a request are about. */
export interface Conditions {
  /** The path of the request's resource. */
  readonly path: string;
  readonly locks: LockTable;
  readonly now: number;
  /** The path that a URL in the field names. */
  pathOf(url: string): string | undefined;
  /** The entity tag of what is there. */
  etagOf(path: string): Promise<string | undefined>;
}

/** The tokens that a request brings; 400 or 412 when its `If` field is malformed or does not hold. */
export async function submittedTokens(
  field: string | null,
  conditions: Conditions,
): Promise<ReadonlySet<string> | 400 | 412> {
  if (field === null) return new Set();
  const lists = parseIf(field);
  if (lists === undefined) return 400;
  for (const list of lists) {
    if (!await holds(list, conditions)) continue;
    const tokens = lists.flatMap((each) => each.conditions.map(({ token }) => token ?? ""));
    return new Set(tokens);
  }
  return 412;
}

async function holds(list: IfList, { path, locks, now, pathOf, etagOf }: Conditions) {
  const of = list.resource === undefined ? path : pathOf(list.resource);
  if (of === undefined) return false;
  for (const { not, token, etag } of list.conditions) {
    const is = token !== undefined
      ? locks.of(of, now).some((lock) => lock.token === token)
      : etag === await etagOf(of);
    if (is === not) return false;
  }
  return true;
}
