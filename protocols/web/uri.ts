/**
 * The parts of a URI (RFC 3986 §3), each as it was written. Those that are absent are left out.
 *
 * @example A host and a port, and nothing else
 * ```ts
 * import { parseUri, type Uri } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const uri: Uri | undefined = parseUri("foo.com:80");
 * assert.deepEqual(uri, { host: "foo.com", port: 80, path: "" });
 * ```
 */
export interface Uri {
  /** Without the colon, in lower case. */
  scheme?: string;
  /** What stands before `@`: a name, or `name:password`. */
  user?: string;
  /** A name or an address, IPv6 without its brackets. */
  host: string;
  /** 0 to 65,535. */
  port?: number;
  /** Begins with `/`, or is empty. */
  path: string;
  /** What follows `?`. */
  query?: string;
  /** What follows `#`. */
  fragment?: string;
}

/**
 * Splits `[scheme://[user@]]host[:port][/path][?query][#fragment]`; undefined for any other text.
 * Unlike `URL`, it takes a host and port without a scheme, and leaves all parts as they are.
 *
 * @example All of its parts
 * ```ts
 * import { parseUri } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const { user, host, port, query } = parseUri("https://me:pw@[::1]:8443/a?b=c#d")!;
 * assert.deepEqual([user, host, port, query], ["me:pw", "::1", 8443, "b=c"]);
 * assert.equal(parseUri("foo.com:port"), undefined);
 * ```
 */
export function parseUri(text: string): Uri | undefined {
  const found =
    /^(?:([a-z][a-z\d+.-]*):\/\/(?:([^@/?#]*)@)?)?(\[[\da-f:.]+\]|[^\s:/?#@[\]]+)(?::(\d{1,5}))?(\/[^?#]*)?(?:\?([^#]*))?(?:#(.*))?$/is
      .exec(text);
  if (found === null) return undefined;
  const [, scheme, user, host = "", digits, path = "", query, fragment] = found;
  const port = digits ? Number(digits) : undefined;
  if (port !== undefined && port > 65_535) return undefined;
  return {
    ...scheme !== undefined && { scheme: scheme.toLowerCase() },
    ...user !== undefined && { user },
    host: host.replace(/^\[|\]$/g, ""),
    ...port !== undefined && { port },
    path,
    ...query !== undefined && { query },
    ...fragment !== undefined && { fragment },
  };
}

/**
 * Joins the parts of a URI, with `.` and `..` in its path resolved (RFC 3986 §5.2.4).
 *
 * @example A path that goes up
 * ```ts
 * import { formatUri } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const uri = formatUri({ scheme: "http", host: "::1", port: 80, path: "/a/../../b/./c" });
 * assert.equal(uri, "http://[::1]:80/b/c");
 * ```
 */
export function formatUri({ scheme, user, host, port, path, query, fragment }: Uri): string {
  const start = scheme === undefined ? "" : `${scheme}://${user === undefined ? "" : `${user}@`}`;
  const name = host.includes(":") ? `[${host}]` : host;
  return start + name + (port === undefined ? "" : `:${port}`) + withoutDots(path) +
    (query === undefined ? "" : `?${query}`) + (fragment === undefined ? "" : `#${fragment}`);
}

function withoutDots(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/");
  for (const [index, segment] of segments.entries()) {
    if (segment === "..") {
      if (kept.length > 1) kept.pop();
    } else if (segment !== ".") kept.push(segment);
    // A path that ends in one of them is that of a directory, and ends in `/` then.
    if (index === segments.length - 1 && /^\.\.?$/.test(segment)) kept.push("");
  }
  return kept.join("/");
}
