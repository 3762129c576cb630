import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** The algorithms that tokens may be signed with (RFC 7518 §3.1, RFC 8037 §3.1). */
export const algorithms = ["HS256", "RS256", "ES256", "EdDSA"] as const;

/** One of them. */
export type JwtAlgorithm = typeof algorithms[number];

/** A key that verifies, and the one algorithm that it is for. */
export interface JwtKey {
  readonly id: string | undefined;
  readonly algorithm: JwtAlgorithm;
  readonly key: CryptoKey;
  /** What tells it from others in later versions of its set; of a key that stays, nothing. */
  readonly print?: string;
}

type Parameters = EcKeyImportParams | HmacImportParams | RsaHashedImportParams | Algorithm;

const importing: Record<JwtAlgorithm, Parameters> = {
  HS256: { name: "HMAC", hash: "SHA-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  EdDSA: { name: "Ed25519" },
};

/** Shorter secrets can be guessed from a token (RFC 7518 §3.2). */
const MIN_SECRET_BYTES = 32;
/** Keys of one set: each is tried when a token does not name one. */
const MAX_KEYS = 100;

/** The key of HS256. */
export async function secretKey(secret: string | Uint8Array): Promise<JwtKey> {
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  if (bytes.length < MIN_SECRET_BYTES) {
    throw new TypeError(`Cannot use a secret of ${bytes.length} bytes: HS256 needs 32 or more`);
  }
  const raw = new Uint8Array(bytes);
  const key = await crypto.subtle.importKey("raw", raw, importing.HS256, false, ["verify"]);
  return { id: undefined, algorithm: "HS256", key };
}

/** A public key as PEM text: RSA, P-256 or Ed25519. */
export async function publicKey(pem: string): Promise<JwtKey> {
  const [, body] = /-----BEGIN PUBLIC KEY-----([^-]+)-----END PUBLIC KEY-----/.exec(pem) ?? [];
  if (body === undefined) {
    throw new TypeError('Cannot use the key: PEM with "PUBLIC KEY" is needed');
  }
  const der = new Uint8Array(Buffer.from(body, "base64"));
  for (const algorithm of ["RS256", "ES256", "EdDSA"] as const) {
    try {
      const how = importing[algorithm];
      const key = await crypto.subtle.importKey("spki", der, how, false, ["verify"]);
      return { id: undefined, algorithm, key };
    } catch {
      // It is a key of another kind.
    }
  }
  throw new TypeError("Cannot use the key: give one of RSA, P-256 or Ed25519");
}

/** The keys of a set (RFC 7517 §5) that can be used here. */
export async function keySet(text: string): Promise<readonly JwtKey[]> {
  let keys: unknown;
  try {
    keys = (JSON.parse(text) as { keys?: unknown } | null)?.keys;
  } catch {
    keys = undefined;
  }
  if (!Array.isArray(keys)) throw new TypeError('Cannot use the key set: {"keys": […]} is needed');
  const found: JwtKey[] = [];
  for (const each of keys.slice(0, MAX_KEYS) as Record<string, unknown>[]) {
    const algorithm = algorithmOf(each ?? {});
    if (algorithm === undefined) continue;
    try {
      const { kty, crv, n, e, x, y, k } = each as JsonWebKey;
      const jwk: JsonWebKey = { kty, crv, n, e, x, y, k };
      for (const name of Object.keys(jwk) as (keyof JsonWebKey)[]) {
        if (jwk[name] === undefined) delete jwk[name];
      }
      const how = importing[algorithm];
      const key = await crypto.subtle.importKey("jwk", jwk, how, false, ["verify"]);
      const id = typeof each.kid === "string" ? each.kid : undefined;
      found.push({ id, algorithm, key, print: printOf(id, jwk) });
    } catch {
      // A key of a kind that is not known here does not keep the others from being used.
    }
  }
  if (found.length === 0) throw new TypeError("Cannot use the key set: no key in it is known here");
  return found;
}

/** Much as RFC 7638 has it, and with the name, by which tokens choose. */
function printOf(id: string | undefined, { kty, crv, n, e, x, y, k }: JsonWebKey): string {
  const members = JSON.stringify([id, kty, crv, n, e, x, y, k]);
  return createHash("sha256").update(members).digest("base64");
}

function algorithmOf({ kty, crv, alg, use }: Record<string, unknown>): JwtAlgorithm | undefined {
  if (use !== undefined && use !== "sig") return undefined;
  const fits = kty === "RSA"
    ? "RS256"
    : kty === "EC" && crv === "P-256"
    ? "ES256"
    : kty === "OKP" && crv === "Ed25519"
    ? "EdDSA"
    : kty === "oct"
    ? "HS256"
    : undefined;
  return alg === undefined || alg === fits || (alg === "Ed25519" && fits === "EdDSA")
    ? fits
    : undefined;
}
