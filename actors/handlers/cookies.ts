/**
 * A cookie as a server sets it (RFC 6265 §4.1).
 *
 * @example One that scripts of the page cannot read
 * ```ts
 * import { type Cookie, setCookie } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const cookie: Cookie = { name: "session", value: "x7", httpOnly: true, sameSite: "Lax" };
 * const headers = new Headers();
 * setCookie(headers, cookie);
 * assert.equal(headers.get("set-cookie"), "session=x7; Path=/; SameSite=Lax; HttpOnly");
 * ```
 */
export interface Cookie {
  /** A token. */
  name: string;
  /** Any text: what a cookie cannot hold is percent-encoded. */
  value: string;
  /** Default: `/`, which is every path. */
  path?: string;
  /** Default: the host that sets it, and none below it. */
  domain?: string;
  /** Seconds that it lasts; default: until the browser is closed. */
  maxAgeSeconds?: number;
  /** When it ends, for browsers that do not know the seconds. */
  expires?: Date;
  /** True to have it sent by TLS only. */
  secure?: boolean;
  /** True to hide it from scripts. */
  httpOnly?: boolean;
  /** Whether it is sent with requests that come from other sites. */
  sameSite?: "Strict" | "Lax" | "None";
}

const NAME = /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/;
const ATTRIBUTE = /^[\x20-\x3a\x3c-\x7e]*$/;

/**
 * The cookies that a request brings, by name; of two of one name the first.
 *
 * @example Who has been here before
 * ```ts
 * import { getCookies } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const headers = new Headers({ cookie: "visits=3; name=J%C3%BCrgen" });
 * assert.deepEqual({ ...getCookies(headers) }, { visits: "3", name: "Jürgen" });
 * ```
 */
export function getCookies(headers: Headers): Record<string, string> {
  const cookies: Record<string, string> = Object.create(null);
  for (const pair of headers.get("cookie")?.split(";") ?? []) {
    const equals = pair.indexOf("=");
    if (equals < 0) continue;
    const name = pair.slice(0, equals).trim();
    if (name === "" || name in cookies) continue;
    cookies[name] = decoded(pair.slice(equals + 1).trim().replace(/^"(.*)"$/, "$1"));
  }
  return cookies;
}

/**
 * Adds a cookie to the headers of an answer.
 *
 * @throws {TypeError} When the name, path or domain has a character that a cookie cannot have.
 * @example For an hour
 * ```ts
 * import { setCookie } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const headers = new Headers();
 * setCookie(headers, { name: "taste", value: "sweet; sour", maxAgeSeconds: 3_600 });
 * assert.equal(headers.get("set-cookie"), "taste=sweet%3B%20sour; Path=/; Max-Age=3600");
 * ```
 */
export function setCookie(headers: Headers, cookie: Cookie): void {
  const { name, value, path = "/", domain, maxAgeSeconds, expires, sameSite } = cookie;
  if (!NAME.test(name)) throw new TypeError(`Cannot set the cookie "${name}": give it a token`);
  for (const text of [path, domain ?? ""]) {
    if (!ATTRIBUTE.test(text)) throw new TypeError(`Cannot set the cookie ${name} for "${text}"`);
  }
  const parts = [`${name}=${encodeURIComponent(value)}`, `Path=${path}`];
  if (domain !== undefined) parts.push(`Domain=${domain}`);
  if (maxAgeSeconds !== undefined) parts.push(`Max-Age=${Math.floor(maxAgeSeconds)}`);
  if (expires !== undefined) parts.push(`Expires=${expires.toUTCString()}`);
  if (sameSite !== undefined) parts.push(`SameSite=${sameSite}`);
  if (cookie.secure || sameSite === "None") parts.push("Secure");
  if (cookie.httpOnly) parts.push("HttpOnly");
  headers.append("set-cookie", parts.join("; "));
}

/**
 * Has the browser forget a cookie; path and domain must be those that it was set with.
 *
 * @example Logging out
 * ```ts
 * import { deleteCookie } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const headers = new Headers();
 * deleteCookie(headers, "session");
 * assert.match(headers.get("set-cookie")!, /^session=; Path=\/; Max-Age=0; Expires=Thu, 01 Jan 1970/);
 * ```
 */
export function deleteCookie(
  headers: Headers,
  name: string,
  where: { path?: string; domain?: string } = {},
): void {
  setCookie(headers, { ...where, name, value: "", maxAgeSeconds: 0, expires: new Date(0) });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
