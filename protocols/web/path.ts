/** Names of devices of Windows, whatever extension they have. */
const DEVICES = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[\d¹²³])(?:\..*)?$/i;

/** The file that a request path means, below some root. */
export interface FilePath {
  /** Decoded names, each of which leads down and nowhere else. */
  readonly names: readonly string[];
  /** True when the path ends in `/`. */
  readonly isDirectory: boolean;
}

/**
 * The names in a percent-encoded request path, decoded once. Undefined for a path that no file can
 * have: with `..`, `\`, an encoded `/`, a control character, or a name that Windows takes for a
 * device or shortens. The rules are the same on all systems, so that a site is, too.
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
 * True when another server could take `path` for `mount` or for something below it, because it
 * ignores empty names or case, resolves dots, or decodes `/`.
 */
export function mayBeBelow(path: string, mount: string): boolean {
  const wanted = namesIn(mount);
  const starts = (names: readonly string[]) => wanted.every((name, at) => names[at] === name);
  const names = namesIn(path);
  return starts(names) || starts(resolved(names));
}

/** The names between slashes in lower case, decoded where that is possible. */
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
  // Windows drops dots and spaces at the end, and has streams of files behind colons.
  return !/[. ]$/.test(name) && !/::?\$|^[a-z]:/i.test(name) && !DEVICES.test(name);
}
