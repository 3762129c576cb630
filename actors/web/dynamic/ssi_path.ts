import { relative, resolve } from "node:path";
import { parseFilePath } from "../../../protocols/web/path.ts";
import type { IncludeBase } from "../../../protocols/web/ssi.ts";

/** What the path of an include depends on. */
interface IncludeOrigin {
  readonly base: IncludeBase;
  /** The names of the page below the root. */
  readonly page: readonly string[];
  /** The directory of the site. */
  readonly root: string;
}

/** What a page asks for. */
interface Included {
  readonly names: readonly string[];
  /** "" or what begins with `?`: for scripts. */
  readonly query: string;
}

/** The names below the root that an include means; undefined when it leads out of the root. */
export async function includedNames(
  path: string,
  { base, page, root }: IncludeOrigin,
): Promise<Included | undefined> {
  if (base === "virtual") {
    const [way] = path.split("?", 1), names = parseFilePath(way!)?.names;
    return names && { names, query: path.slice(way!.length) };
  }
  const names = base === "file"
    ? below(page.slice(0, -1), path.split("/"))
    : await absolute(path, root);
  return names && isPlain(names) ? { names, query: "" } : undefined;
}

/** Follows names from a directory; `..` leads up, though not above the root. */
function below(from: readonly string[], way: readonly string[]): string[] | undefined {
  const names = [...from];
  for (const name of way) {
    if (name === "..") {
      if (names.pop() === undefined) return undefined;
    } else if (name !== "" && name !== ".") names.push(name);
  }
  return names;
}

/**
 * The names below the root of an absolute path; the root may be named with its links or without.
 */
async function absolute(path: string, root: string): Promise<string[] | undefined> {
  for (const top of [resolve(root), await Deno.realPath(root)]) {
    const names = relative(top, resolve(path)).split(/[/\\]/);
    if (names[0] !== ".." && names[0] !== "" && resolve(top, ...names) === resolve(path)) {
      return names;
    }
  }
  return undefined;
}

function isPlain(names: readonly string[]): boolean {
  return parseFilePath(names.map((name) => encodeURIComponent(name)).join("/"))?.names.length ===
    names.length;
}
