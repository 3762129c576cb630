import type { RequestHead } from "./messages/message.ts";

/** Which paths are meant: `/exact`, all below `/prefix/*`, or those that a pattern fits. */
export type PathPattern = string | URLPattern;

/** What was found for a path, and the parts of the path that its pattern names. */
export interface Found<T> {
  readonly value: T;
  readonly params: Readonly<Record<string, string>>;
}

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({});

interface Entry<T> {
  readonly pattern: PathPattern;
  /** What a path must begin with; for a pattern in lower case, because it may ignore case. */
  readonly prefix: string;
  /** Characters of a path that it fixes: the entry with the most comes first. */
  readonly length: number;
  readonly found: Found<T>;
}

/** Values by path, such as handlers: an exact path is found first, then the longest that fits. */
export class Routes<T> {
  readonly #exact = new Map<string, Found<T>>();
  /** Longest first, so that the first that fits is the right one. */
  #entries: Entry<T>[] = [];

  get size(): number {
    return this.#exact.size + this.#entries.length;
  }

  /** Adds a value for a path. Throws when the path is not valid, or taken. */
  add(pattern: PathPattern, value: T): void {
    const name = nameOf(pattern);
    if (typeof pattern === "string" && !pattern.startsWith("/")) {
      throw new TypeError(`Cannot handle "${name}": a path begins with /`);
    }
    if (this.#has(pattern)) {
      throw new TypeError(`Cannot handle "${name}" twice: remove its first handler before`);
    }
    const found = { value, params: NO_PARAMS };
    if (typeof pattern === "string" && !pattern.endsWith("/*")) {
      return void this.#exact.set(pattern, found);
    }
    this.#entries.push({ pattern, found, ...beginningOf(pattern) });
    // Of the same length, a pattern is more precise than "everything below".
    this.#entries.sort((a, b) => b.length - a.length || weight(a) - weight(b));
  }

  /** Removes a path; true when it was there. */
  remove(pattern: PathPattern): boolean {
    if (!this.#has(pattern)) return false;
    const name = nameOf(pattern);
    if (typeof pattern === "string") this.#exact.delete(pattern);
    this.#entries = this.#entries.filter((entry) => nameOf(entry.pattern) !== name);
    return true;
  }

  /** The value for a request's path, if it fixes at least so many characters of the path. */
  find(request: RequestHead, atLeast = 0): Found<T> | undefined {
    // `OPTIONS *` is about the server, not about a path (RFC 9112 §3.2.4).
    if (request.path === "*") return undefined;
    const path = plainPath(request.path);
    const exact = this.#exact.get(path);
    if (exact !== undefined) return exact;
    for (const { pattern, prefix, length, found } of this.#entries) {
      if (length < atLeast) return undefined;
      if (typeof pattern === "string") {
        if (path.startsWith(prefix)) return found;
        continue;
      }
      if (!path.toLowerCase().startsWith(prefix)) continue;
      const match = pattern.exec(urlOf(request));
      if (match !== null) return { value: found.value, params: paramsOf(match) };
    }
    return undefined;
  }

  #has(pattern: PathPattern): boolean {
    if (typeof pattern === "string" && this.#exact.has(pattern)) return true;
    const name = nameOf(pattern);
    return this.#entries.some((entry) => nameOf(entry.pattern) === name);
  }
}

/**
 * The same path in its plain form (RFC 3986 §6.2.2). Otherwise a request could avoid the handler of
 * a path by another spelling of it, which the handler of everything would understand all the same.
 */
function plainPath(path: string): string {
  if (!/%|\/\.|\\/.test(path)) return path;
  const decoded = path.replace(/%([2-7][\da-f])/gi, (code, hex) => {
    const char = String.fromCharCode(parseInt(hex, 16));
    return /[\w.~-]/.test(char) ? char : code;
  });
  if (!/\/\.|\\/.test(decoded) || !decoded.startsWith("/")) return decoded;
  const plain = URL.parse(`http://localhost${decoded}`);
  return plain === null ? decoded : plain.pathname;
}

/** The name of a pattern in logs. */
export function nameOf(pattern: PathPattern): string {
  if (typeof pattern === "string") return pattern;
  const { hostname, pathname, search } = pattern;
  return `${hostname === "*" ? "" : `//${hostname}`}${pathname}${
    search === "*" ? "" : `?${search}`
  }`;
}

function weight({ pattern }: Entry<unknown>): number {
  return typeof pattern === "string" ? 1 : 0;
}

/** What every path that fits begins with: the characters before the first special one. */
function beginningOf(pattern: PathPattern): { prefix: string; length: number } {
  if (typeof pattern === "string") {
    return { prefix: pattern.slice(0, -1), length: pattern.length - 1 };
  }
  const [literal = ""] = /^[^:*(){}+?\\]*/.exec(pattern.pathname) ?? [];
  // Not what may be missing, such as the slash in `/a/:id?` and the `s` in `/as?`.
  const end = pattern.pathname[literal.length] === "?" ? -1 : undefined;
  return { prefix: literal.replace(/\/$/, "").slice(0, end).toLowerCase(), length: literal.length };
}

function urlOf({ path, query, fields }: RequestHead): string {
  return `http://${fields.get("host") || "localhost"}${path}${query && `?${query}`}`;
}

function paramsOf(match: URLPatternResult): Record<string, string> {
  const params: Record<string, string> = {};
  for (const { groups } of [match.hostname, match.pathname, match.search]) {
    for (const [name, value] of Object.entries(groups)) {
      if (value !== undefined && !/^\d+$/.test(name)) params[name] = decoded(value);
    }
  }
  return params;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
