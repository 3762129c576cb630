import { createHash } from "node:crypto";

/**
 * The parameters of `Authorization: Digest` that are needed (RFC 7616 §3.4).
 *
 * @example How often a nonce was used
 * ```ts
 * import type { DigestResponse } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function useOf({ nc }: Pick<DigestResponse, "nc">): number {
 *   return parseInt(nc, 16);
 * }
 *
 * assert.equal(useOf({ nc: "0000000a" }), 10);
 * ```
 */
export interface DigestResponse {
  /** The user. */
  readonly username: string;
  /** What the password is for. */
  readonly realm: string;
  /** The server's nonce. */
  readonly nonce: string;
  /** The target of the request. */
  readonly uri: string;
  /** What the client computed, in lower-case hexadecimal digits. */
  readonly response: string;
  /** The algorithm that it used. */
  readonly algorithm: "MD5" | "SHA-256";
  /** The client's nonce. */
  readonly cnonce: string;
  /** Eight hexadecimal digits: how often the client has used the nonce. */
  readonly nc: string;
}

/** 8,192 characters of an `Authorization` field: as long as the request line that it repeats. */
const MAX_CHARS = 8_192;

/** Reads what follows `Digest`; undefined when something is missing, repeated or not supported. */
export function parseDigest(text: string): DigestResponse | undefined {
  if (text.length > MAX_CHARS) return undefined;
  const found = parametersOf(text);
  if (found === undefined) return undefined;
  const need = (name: string) => found.get(name) ?? "";
  const algorithm = need("algorithm").toUpperCase() || "MD5";
  if (algorithm !== "MD5" && algorithm !== "SHA-256") return undefined;
  const digits = algorithm === "MD5" ? 32 : 64;
  const response = need("response").toLowerCase();
  const [username, nonce, uri, cnonce] = ["username", "nonce", "uri", "cnonce"].map(need);
  // Without qop, nothing would keep an answer from being used again (RFC 7616 §3.4.1).
  if (need("qop") !== "auth" || !/^[\da-f]{8}$/i.test(need("nc"))) return undefined;
  if (response.length !== digits || !/^[\da-f]+$/.test(response)) return undefined;
  if (username === "" || nonce === "" || uri === "" || cnonce === "") return undefined;
  if (!found.has("realm") || found.get("userhash") === "true") return undefined;
  return {
    username: username!,
    realm: need("realm"),
    nonce: nonce!,
    uri: uri!,
    cnonce: cnonce!,
    nc: need("nc").toLowerCase(),
    algorithm,
    response,
  };
}

/** Parameters by their names in lower case; undefined for a faulty list, or a repeated name. */
export function parametersOf(text: string): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>();
  const pattern =
    /\s*(?:,\s*)*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?=,|$)/y;
  while (pattern.lastIndex < text.length) {
    if (/^[\s,]*$/.test(text.slice(pattern.lastIndex))) break;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const name = match[1]!.toLowerCase();
    if (found.has(name)) return undefined;
    found.set(name, match[2]?.replace(/\\(.)/g, "$1") ?? match[3]!);
  }
  return found;
}

/** H(user:realm:password) (RFC 7616 §3.4.2). */
export function ha1Of(
  { username, realm, password }: { username: string; realm: string; password: Uint8Array | string },
  algorithm: DigestResponse["algorithm"],
): string {
  const bytes = typeof password === "string" ? new TextEncoder().encode(password) : password;
  return hasher(algorithm).update(`${username}:${realm}:`).update(bytes).digest("hex");
}

/** The right response (RFC 7616 §3.4.1, qop "auth"). */
export function responseTo(
  { algorithm, nonce, nc, cnonce, uri }: Omit<DigestResponse, "response" | "username" | "realm">,
  { ha1, method }: { ha1: string; method: string },
): string {
  const ha2 = hasher(algorithm).update(`${method}:${uri}`).digest("hex");
  return hasher(algorithm).update(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${ha2}`).digest("hex");
}

/** The client's half: the `Authorization` that answers a challenge; undefined when none can. */
export function answerChallenge(
  challenge: string,
  client: {
    username: string;
    password: string;
    method: string;
    uri: string;
    cnonce: string;
    nc?: number;
  },
): string | undefined {
  const [, list] = /^Digest\s+(.*)$/is.exec(challenge) ?? [];
  const asked = list === undefined ? undefined : parametersOf(list);
  const realm = asked?.get("realm"), nonce = asked?.get("nonce");
  const algorithm = asked?.get("algorithm")?.toUpperCase() ?? "MD5";
  if (realm === undefined || nonce === undefined) return undefined;
  if (algorithm !== "MD5" && algorithm !== "SHA-256") return undefined;
  if (!asked!.get("qop")?.split(/\s*,\s*/).includes("auth")) return undefined;
  const { username, password, method, uri, cnonce } = client;
  const nc = (client.nc ?? 1).toString(16).padStart(8, "0");
  const ha1 = ha1Of({ username, realm, password }, algorithm);
  const response = responseTo({ algorithm, nonce, nc, cnonce, uri }, { ha1, method });
  const opaque = asked!.get("opaque");
  return `Digest username=${quoted(username)}, realm=${quoted(realm)}, nonce=${quoted(nonce)}, ` +
    `uri=${quoted(uri)}, response="${response}", algorithm=${algorithm}, qop=auth, nc=${nc}, ` +
    `cnonce=${quoted(cnonce)}${opaque === undefined ? "" : `, opaque=${quoted(opaque)}`}`;
}

/** A challenge, as `WWW-Authenticate` carries it (RFC 7616 §3.3). */
export function challengeOf(
  { realm, nonce, algorithm, stale }: {
    realm: string;
    nonce: string;
    algorithm: DigestResponse["algorithm"];
    stale: boolean;
  },
): string {
  return `Digest realm=${quoted(realm)}, qop="auth", algorithm=${algorithm}, nonce="${nonce}", ` +
    `charset=UTF-8${stale ? ", stale=true" : ""}`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function hasher(algorithm: DigestResponse["algorithm"]) {
  return createHash(algorithm === "MD5" ? "md5" : "sha256");
}
