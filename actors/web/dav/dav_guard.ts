import { join } from "node:path";
import { type IfList, parseIf } from "../../../protocols/web/dav/if_header.ts";
import type { LockTable } from "../../../protocols/web/dav/locks.ts";
import type { Later } from "../../hooks/hooks.ts";
import type { Found } from "../files/file_root.ts";
import { defaults } from "../files/files_options.ts";
import type { DavTree } from "./dav_tree.ts";

/** What the conditions in an `If` field (RFC 4918 §10.4) are about. */
interface Conditions {
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

/**
 * Whether something may be done to a file, or to a directory and all below it: the request names only
 * the top, and rules may be about what is inside.
 */
export async function mayAll(
  tree: DavTree,
  { names, found }: { names: readonly string[]; found: Found },
  may: (names: readonly string[]) => Later<boolean>,
): Promise<boolean> {
  if (!await may(names)) return false;
  if (!found.isDirectory) return true;
  const inside = await tree.list(names);
  // The list may be cut off here, and nothing is known of what is missing in it.
  if (inside.length >= defaults.listedEntries) return false;
  for (const name of inside) {
    const each = [...names, name], there = await tree.find(each);
    // Links are neither copied nor followed.
    if (there === undefined || there.file !== join(found.file, name)) continue;
    if (!await mayAll(tree, { names: each, found: there }, may)) return false;
  }
  return true;
}
