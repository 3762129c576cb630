import { basename } from "node:path";
import { type FilePath, parseFilePath } from "../../protocols/web/path.ts";
import type { Pattern } from "../../protocols/web/pattern.ts";
import type { FileRoot, Found } from "./files/file_root.ts";

/** A file that a request path leads to. */
export interface Target {
  readonly found: Found;
  /** Its names below the root. */
  readonly names: readonly string[];
  /** Its path as clients see it, decoded. */
  readonly shown: string;
  /** What stands behind it in the path, decoded; "" or text that begins with `/`. */
  readonly rest: string;
}

/** Where to look, and for what. */
interface Search {
  readonly root: FileRoot;
  /** What request paths begin with that is no part of the file's path. */
  readonly prefix: string;
  /** Of the paths that clients see. */
  readonly pattern: Pattern;
  /** Files that stand for their directory. */
  readonly index: readonly string[];
  /** Whether more of the path may stand behind the file. */
  readonly open: boolean;
}

/** The file of the pattern that a path leads to, itself or as the index file of its directory. */
export async function findTarget(pathname: string, search: Search): Promise<Target | undefined> {
  const { root, prefix, open } = search;
  if (!pathname.startsWith(prefix)) return undefined;
  const path = parseFilePath(pathname.slice(prefix.length));
  if (path === undefined) return undefined;
  const { names } = path;
  for (let length = open ? 0 : names.length; length <= names.length; length++) {
    const target = await look(names.slice(0, length), search);
    if (target === undefined) continue;
    const rest = restOf(path, length);
    return rest === "" || open ? { ...target, rest } : undefined;
  }
  if (names.length === 0 || path.isDirectory) {
    for (const name of search.index) {
      const inside = [...names, name], found = await root.find(inside);
      if (found?.isDirectory === false) return await look(inside, search);
    }
  }
  return undefined;
}

async function look(names: readonly string[], search: Search): Promise<Target | undefined> {
  const { root, prefix, pattern } = search;
  const before = parseFilePath(prefix)?.names ?? [];
  const shown = `/${[...before, ...names].join("/")}`;
  // A root may be a single file, whose name is not in the path.
  const own = names.length === 0 ? `/${basename(root.options.root)}` : shown;
  if (pattern(shown) === 0 && pattern(own) === 0) return undefined;
  const found = await root.find(names);
  if (found === undefined || found.isDirectory) return undefined;
  return { found, names, shown, rest: "" };
}

function restOf({ names, isDirectory }: FilePath, length: number): string {
  const rest = names.slice(length).map((name) => `/${name}`).join("");
  return isDirectory ? `${rest}/` : rest;
}
