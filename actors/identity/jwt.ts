import { Buffer } from "node:buffer";
import type { Grant } from "../../protocols/grant.ts";
import { Refusal } from "../../protocols/identity.ts";
import type { Login } from "../hooks/hooks.ts";
import type { Authenticator } from "./authenticator.ts";
import { type Source, Standing, stillGood } from "./grant.ts";
import { algorithms, type JwtAlgorithm, type JwtKey, keySet, publicKey, secretKey } from "./jwk.ts";
import { RemoteKeys } from "./remote_keys.ts";
import { tokenOf } from "./token.ts";
import { Verified } from "./verified.ts";
import { WatchedFile } from "./watched_file.ts";

/**
 * Which JSON Web Tokens are accepted. Exactly one of `secret`, `publicKey` and `jwks` is needed.
 *
 * @example Those of one issuer, for this gateway
 * ```ts
 * import { jwt, type JwtOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: JwtOptions = {
 *   jwks: "https://login.example/.well-known/jwks.json",
 *   issuer: "https://login.example",
 *   audience: "meerkat",
 * };
 * assert.deepEqual(jwt(options).challenges?.(), ['Bearer realm="meerkat"']);
 * ```
 */
export interface JwtOptions {
  /** The secret of HS256: 32 bytes or more. */
  secret?: string | Uint8Array;
  /** The public key of RS256, ES256 or EdDSA, as PEM text. */
  publicKey?: string;
  /** A key set (RFC 7517 §5): its URL, or the name of a file. Changes of either are noticed. */
  jwks?: string;
  /** What the claim `iss` must be; default: anything. */
  issuer?: string;
  /** What the claim `aud` must be, or have in its list; default: anything. */
  audience?: string;
  /** The claim that names the user; default `sub`. */
  userClaim?: string;
  /** The claim that lists the groups; default `groups`. */
  groupsClaim?: string;
  /** The cookie in which browsers send a token; default: none. */
  cookie?: string;
  /**
   * True takes tokens over CoAP without encryption, too, where others can read them; default false.
   */
  plainCoap?: boolean;
  /** What HTTP clients are told that the token is for; default `meerkat`. */
  realm?: string;
  /** The time in milliseconds since 1970; default: the machine's clock. */
  now?: () => number;
}

/** Characters of a token: header fields are not longer. */
const MAX_CHARS = 16_384;

const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]+$/;

const verifying: Record<JwtAlgorithm, AlgorithmIdentifier | EcdsaParams> = {
  HS256: "HMAC",
  RS256: "RSASSA-PKCS1-v1_5",
  ES256: { name: "ECDSA", hash: "SHA-256" },
  EdDSA: "Ed25519",
};

/**
 * Makes an authenticator for JSON Web Tokens (RFC 7519) that are signed with HS256, RS256, ES256 or
 * EdDSA. Clients show them as `Bearer`, as `?access_token=`, in a cookie, or as the password of
 * MQTT. Long-lived connections end at the time `exp` of the token.
 *
 * @throws {TypeError} When there is no key.
 * @example A token that a script signed
 * ```ts
 * import { authenticators, gateway, http, jwt, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 * import { createHmac } from "node:crypto";
 *
 * const secret = "0123456789abcdef0123456789abcdef";
 * const part = (value: unknown) => btoa(JSON.stringify(value)).replace(/=+$/, "");
 * const signed = `${part({ alg: "HS256" })}.${part({ sub: "ann" })}`;
 * const token = `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
 *
 * await using hub = gateway({ hooks: authenticators([jwt({ secret })]) });
 * hub.handle("/me", (_request, { identity }) => new Response(identity.user));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const answer = await fetch(`http://127.0.0.1:${port}/me?access_token=${token}`);
 * assert.equal(await answer.text(), "ann");
 * ```
 */
export function jwt(options: JwtOptions): Authenticator {
  const { realm = "meerkat", now = Date.now } = options;
  const keys = keysOf(options);
  const verified = new Verified<Login>({}, now);
  return {
    challenges: () => [`Bearer realm="${realm}"`],
    authenticate(credentials) {
      const token = tokenOf(credentials, SHAPE, options);
      if (token === undefined || token.length > MAX_CHARS) return undefined;
      const key = verified.key(token), known = verified.get(key);
      if (known !== undefined) return stillGood(known);
      return verify(token, keys).then((found) => {
        if (found === undefined) return undefined;
        const judged = judge(found.claims, options);
        if (judged instanceof Refusal) return judged;
        const grant = grantOf(found.key, keys), login = { ...judged, ...grant && { grant } };
        verified.set(key, login, login.expires);
        return login;
      });
    },
  };
}

interface Keys {
  /** Those in which this one is looked for. */
  keys(id: string | undefined): PromiseLike<readonly JwtKey[]>;
  /** Absent where keys stay as they are. */
  readonly source?: Source<readonly JwtKey[]>;
}
type Claims = Readonly<Record<string, unknown>>;

function keysOf({ secret, publicKey: pem, jwks, now }: JwtOptions): Keys {
  if (jwks !== undefined) {
    if (/^https?:/.test(jwks)) {
      const remote = new RemoteKeys(jwks, now);
      return { keys: (id) => remote.keys(id), source: remote };
    }
    const file = new WatchedFile(jwks, keySet, { now });
    return { keys: async () => await file.read(), source: file };
  }
  if (secret === undefined && pem === undefined) {
    throw new TypeError("Missing the key: give secret, publicKey or jwks");
  }
  const key = secret !== undefined ? secretKey(secret) : publicKey(pem!);
  // Whoever logs in hears of it.
  key.catch(() => {});
  return { keys: async () => [await key] };
}

/** A token holds as long as the key that verified it is among the others. */
function grantOf({ print }: JwtKey, { source }: Keys): Grant | undefined {
  return source && new Standing(source, (keys) => keys.some((each) => each.print === print));
}

/** What the token claims, and who says so; undefined when it is none that anybody here has signed. */
async function verify(
  token: string,
  { keys }: Keys,
): Promise<{ claims: Claims; key: JwtKey } | undefined> {
  const [head, body, signature, ...more] = token.split(".");
  if (signature === undefined || more.length > 0) return undefined;
  const header = decode(head!), claims = decode(body!);
  if (header === undefined || claims === undefined || header.crit !== undefined) return undefined;
  const algorithm = algorithms.find((each) => each === header.alg);
  if (algorithm === undefined) return undefined;
  const id = typeof header.kid === "string" ? header.kid : undefined;
  const data = new TextEncoder().encode(`${head}.${body}`);
  const bytes = new Uint8Array(Buffer.from(signature, "base64url"));
  for (const each of await keys(id)) {
    // The key says which algorithm it is for, not the token (RFC 8725 §3.1).
    if (
      each.algorithm !== algorithm || (id !== undefined && each.id !== undefined && each.id !== id)
    ) continue;
    if (await crypto.subtle.verify(verifying[algorithm], each.key, bytes, data)) {
      return { claims, key: each };
    }
  }
  return undefined;
}

function judge(claims: Claims, options: JwtOptions): Login | Refusal {
  const { issuer, audience, userClaim = "sub", groupsClaim = "groups", now = Date.now } = options;
  const { exp, nbf, iss, aud } = claims, seconds = now() / 1000;
  const refuse = (reason: string) => new Refusal(reason, "credentials");
  if (exp !== undefined && !(typeof exp === "number" && seconds < exp)) {
    return refuse("The token has expired");
  }
  if (nbf !== undefined && !(typeof nbf === "number" && seconds >= nbf)) {
    return refuse("The token is not valid yet");
  }
  if (issuer !== undefined && iss !== issuer) return refuse("The token is another issuer's");
  if (
    audience !== undefined && aud !== audience && !(Array.isArray(aud) && aud.includes(audience))
  ) {
    return refuse("The token is for another audience");
  }
  const user = claims[userClaim], groups = claims[groupsClaim];
  return {
    user: typeof user === "string" && user !== "" ? user : undefined,
    groups: Array.isArray(groups) ? groups.filter((each) => typeof each === "string") : [],
    ...typeof exp === "number" && { expires: exp * 1000 },
  };
}

function decode(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Claims
      : undefined;
  } catch {
    return undefined;
  }
}
