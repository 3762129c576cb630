/** Names that Windows takes for devices, whatever extension follows them. */
const DEVICES = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[\d¹²³])(?:\..*)?$/i;

/** Where a request path leads below a root. */
export interface FilePath {
  /** Decoded names, none of which leads anywhere else than down. */
  readonly names: readonly string[];
  /** True when the path ends in `/`. */
  readonly isDirectory: boolean;
}

/**
 * The names in a request path that is still percent-encoded, decoded once; undefined for a path that
 * no file can have: one with `..`, `\`, an encoded `/`, a control character, a name that Windows takes for
 * a device or shortens. It is the same on every system, so that a site is, too.
 */
export function parseFilePath(path: string): FilePath | undefined {
  const names: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "") continue;
    const name = decode(segment);
    if (name === undefined || !isName(name)) return undefined;
    names.push(name);
  }
  return { names, isDirectory: path.endsWith("/") };
}

/** The path of these names, encoded. */
export function formatFilePath({ names, isDirectory }: FilePath): string {
  const path = names.map((name) => `/${encodeURIComponent(name)}`).join("");
  return isDirectory || path === "" ? `${path}/` : path;
}

/**
 * True when somebody who serves `path` could take it for `mount`, or for what is below it: with empty
 * names left out, with an encoded `/` as one, with dots resolved, with capitals as small letters.
 */
export function mayBeBelow(path: string, mount: string): boolean {
  const wanted = namesIn(mount);
  const starts = (names: readonly string[]) => wanted.every((name, at) => names[at] === name);
  const names = namesIn(path);
  return starts(names) || starts(resolved(names));
}

/** What stands between slashes, decoded where that can be done. */
function namesIn(path: string): string[] {
  return path.split("/").map((each) => (decode(each) ?? each).toLowerCase()).filter((each) =>
    each !== ""
  );
}

function resolved(names: readonly string[]): string[] {
  const kept: string[] = [];
  for (const name of names.flatMap((each) => each.split(/[/\\]/))) {
    if (name === "..") kept.pop();
    else if (name !== "" && name !== ".") kept.push(name);
  }
  return kept;
}

function decode(segment: string): string | undefined {
  try {
    return segment.includes("%") ? decodeURIComponent(segment) : segment;
  } catch {
    return undefined;
  }
}

function isName(name: string): boolean {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f/\\]/.test(name) || name === "." || name === "..") return false;
  // Windows drops dots and spaces at the end; a stream of a file has its name after a colon.
  return !/[. ]$/.test(name) && !/::?\$|^[a-z]:/i.test(name) && !DEVICES.test(name);
}
