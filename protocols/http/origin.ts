import type { Fields, RequestHead } from "./messages/message.ts";

/** What decides whether a web page may use the gateway. */
interface PageRules {
  /** The address that the request comes from. */
  readonly address: string;
  /** Origins of web pages that may use the gateway, such as `https://app.example`; `*` for all. */
  readonly allowed: readonly string[];
}

/**
 * Why a web page may not use the gateway, or undefined when it may.
 *
 * Browsers let every page open WebSockets to every server, and send simple requests there. So a
 * page of the web could use the gateway on its visitor's own machine (RFC 6455 §10.2), or with what
 * the browser adds by itself: cookies, remembered logins, certificates. A request without `Origin`
 * and `Sec-Fetch-Site` (Fetch Metadata) does not come from a page of another origin. Any other
 * origin must be listed in `allowed`, or be on the loopback, or on the host that the request is
 * for; or the browser itself says that both are the same. `null` has to be listed, because a
 * sandboxed frame of any page sends it.
 */
export function faultOfOrigin(fields: Fields, rules: PageRules): string | undefined {
  const origin = fields.get("origin"), { address, allowed } = rules;
  if (allowed.includes("*") || origin !== undefined && allowed.includes(origin)) return undefined;
  const relation = fields.get("sec-fetch-site");
  if (origin === undefined) {
    const isForeign = relation === "cross-site" || relation === "same-site";
    return isForeign ? "Cannot serve a page of another origin that does not say which" : undefined;
  }
  const page = hostOf(origin);
  if (page !== undefined) {
    if (isLoopback(page)) return undefined;
    const here = hostOf(`http://${fields.get("host") ?? ""}`);
    const isOurs = page === here && (isAddress(here) || !isLocal(address) || isProxied(fields));
    // Another site on the same host is one without TLS, which anybody on the way may have written.
    if (isOurs && relation !== "cross-site") return undefined;
  }
  // Behind a proxy that changes `Host`, or with `null` for a page that sends no `Referer`.
  if (relation === "same-origin" && faultOfHost(fields, rules) === undefined) return undefined;
  return `Cannot serve a page of ${origin}: list that origin to allow it`;
}

/** True for what changes nothing (RFC 9110 §9.2.1), of the methods that pages use unasked. */
export function isReading(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/**
 * True when a request has what browsers send of themselves with requests of any page. A token in
 * `Authorization` is something that a page knows.
 */
export function showsLogin(fields: Fields, certificate: string | undefined): boolean {
  const authorization = fields.get("authorization");
  if (authorization !== undefined && /^bearer /i.test(authorization)) return false;
  return authorization !== undefined || certificate !== undefined || fields.has("cookie");
}

/**
 * Why a request with this `Host` may come from a page that deceives its browser, or undefined.
 *
 * An attacker can have a name of their own resolve to the loopback. To the browser, page and
 * gateway then have one origin, so it lets the page read every answer. Only the name gives that
 * away.
 */
export function faultOfHost(fields: Fields, { address, allowed }: PageRules): string | undefined {
  if (!isLocal(address) || allowed.includes("*")) return undefined;
  const host = fields.get("host");
  const name = host ? hostOf(`http://${host}`) : undefined;
  if (name === undefined || isLoopback(name) || isAddress(name)) return undefined;
  // A page can set the other fields that proxies add, but not this one.
  if (fields.has("via") || allowed.some((origin) => hostOf(origin) === name)) return undefined;
  return `Cannot serve the host ${name} on this machine: list its origin to allow it`;
}

/**
 * True for a browser's question whether a page may do something (Fetch, CORS-preflight request).
 */
export function isPreflight({ method, fields }: Pick<RequestHead, "method" | "fields">): boolean {
  return method === "OPTIONS" && fields.has("origin") &&
    fields.has("access-control-request-method");
}

/** The fields that let a page of another origin read the answer. */
export function sharing(origin: string): [string, string][] {
  return [
    ["access-control-allow-origin", origin],
    ["access-control-expose-headers", "etag, last-modified, preference-applied, topics-left-out"],
    ["vary", "origin"],
  ];
}

/** The fields of the answer to a preflight, in addition to `sharing`. */
export const preflightFields: readonly (readonly [string, string])[] = [
  ["access-control-allow-methods", "GET, HEAD, PUT, POST, DELETE"],
  [
    "access-control-allow-headers",
    "authorization, content-type, if-match, if-none-match, last-event-id, prefer",
  ],
  ["access-control-max-age", "600"],
];

/**
 * What a page may do behind a login, which browsers do not show in preflights (Fetch §3.2): whatever
 * it asks, since only the request itself, with the login, does anything. For other pages, why not.
 */
export function permits(fields: Fields, rules: PageRules): [string, string][] | string {
  const fault = faultOfOrigin(fields, rules);
  if (fault !== undefined) return fault;
  return [
    ["access-control-allow-origin", fields.get("origin")!],
    ["access-control-allow-credentials", "true"],
    ["access-control-allow-methods", fields.get("access-control-request-method")!],
    ["access-control-allow-headers", fields.get("access-control-request-headers") ?? ""],
    ["vary", "origin"],
  ];
}

function isLocal(address: string): boolean {
  return /^(127\.|\[::1\]|\[::ffff:127\.)/.test(address);
}

function isProxied(fields: Fields): boolean {
  return fields.has("x-forwarded-for") || fields.has("forwarded") || fields.has("via");
}

/** 256 origins whose host is remembered: clients send the same few with every request. */
const REMEMBERED = 256;
/** 256 characters of an origin: no real one is longer, and others are not worth the memory. */
const REMEMBERED_LENGTH = 256;

const hosts = new Map<string, string | undefined>();

function hostOf(origin: string): string | undefined {
  if (hosts.has(origin)) return hosts.get(origin);
  const host = parseHost(origin);
  if (hosts.size >= REMEMBERED) hosts.clear();
  if (origin.length <= REMEMBERED_LENGTH) hosts.set(origin, host);
  return host;
}

function parseHost(origin: string): string | undefined {
  try {
    return new URL(origin).hostname || undefined;
  } catch {
    return undefined;
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" ||
    /^127(\.\d+){3}$/.test(host);
}

function isAddress(host: string): boolean {
  return host.startsWith("[") || /^\d+(\.\d+){3}$/.test(host);
}
