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
  /** Its name, a token: letters, digits and marks such as `-` and `_`, no spaces. */
  name: string;
  /** Its value, any text: characters that a cookie cannot hold are percent-encoded. */
  value: string;
  /** The path that it is sent for, with all below it; default: `/`, which is every path. */
  path?: string;
  /** The domain that it is sent to, with all below it; default: only the host that sets it. */
  domain?: string;
  /** Seconds for which browsers keep it; default: until they are closed. */
  maxAgeSeconds?: number;
  /** The same as a date, for browsers that do not know `maxAgeSeconds`. */
  expires?: Date;
  /** True has it sent over TLS only; default false. */
  secure?: boolean;
  /** True hides it from scripts of the page; default false. */
  httpOnly?: boolean;
  /**
   * With which requests from other sites it is sent (RFC 6265bis); default: as the browser likes.
   */
  sameSite?: "Strict" | "Lax" | "None";
}

/** A token (RFC 9110 §5.6.2). */
const NAME = /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/;
/** ASCII characters other than controls and the semicolon (RFC 6265 §4.1.1). */
const ATTRIBUTE = /^[\x20-\x3a\x3c-\x7e]*$/;

/**
 * Reads the cookies of a request, by name. Where two have the same name, the first counts.
 *
 * @example Somebody who has been here before
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
    if (ATTRIBUTE.test(text)) continue;
    const right = "a path and a domain are ASCII text without semicolons";
    throw new TypeError(`Cannot set the cookie "${name}" for "${text}": ${right}`);
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
 * Has the browser forget a cookie. `where` must have the path and domain that it was set with.
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
