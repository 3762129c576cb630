import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import { type Credentials, type DigestProof, Refusal } from "../../protocols/identity.ts";
import { challengeOf, ha1Of, responseTo } from "../../protocols/web/digest.ts";
import type { Login } from "../hooks/hooks.ts";
import {
  type Authenticator,
  type LoginAttempt,
  mayCarryPassword,
  refusalIn,
} from "./authenticator.ts";
import { Standing } from "./grant.ts";
import { type DigestAlgorithm, type DigestEntry, parseDigests } from "./lines.ts";
import { Nonces } from "./nonces.ts";
import type { FileOptions } from "./password_file.ts";
import { then, WatchedFile } from "./watched_file.ts";

/**
 * Makes an authenticator that knows the users of one realm of a file in the format of Apache's
 * `htdigest`, which `passwd set --realm` writes, too. They log in by HTTP's Digest (RFC 7616: MD5
 * and SHA-256, qop "auth"), or by a password in any protocol.
 *
 * @example A file that htdigest wrote
 * ```ts
 * import { authenticators, digestFile, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const file = await Deno.makeTempFile();
 * await Deno.writeTextFile(file, "ann:realm:4f7d04b5b9899460e7638f8036f253f4\n");
 * await using hub = gateway({ hooks: authenticators([digestFile(file, { realm: "realm" })]) });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const answer = await fetch(`http://127.0.0.1:${port}/`);
 * assert.match(answer.headers.get("www-authenticate")!, /^Digest realm="realm", qop="auth"/);
 * await answer.text();
 * await Deno.remove(file);
 * ```
 */
export function digestFile(
  path: string,
  { realm = "meerkat", refused, now }: FileOptions = {},
): Authenticator {
  let algorithms: readonly DigestAlgorithm[] = ["MD5"];
  const parse = (text: string): Users => {
    const users = usersOf(parseDigests(text).filter((each) => each.realm === realm));
    algorithms = offered(users);
    return users;
  };
  const file = new WatchedFile(path, parse, { refused, now });
  const nonces = new Nonces({}, now);

  function challenges(stale = false): string[] {
    const nonce = nonces.make();
    return algorithms.map((algorithm) => challengeOf({ realm, nonce, algorithm, stale }));
  }

  /** A login that lasts as long as the file says the same of this user. */
  function loginOf({ user, algorithm, ha1 }: DigestEntry): Login {
    const isSaid = (users: Users) =>
      users.get(user)?.some((each) => each.algorithm === algorithm && each.ha1 === ha1) === true;
    return { user, grant: new Standing(file, isSaid) };
  }

  function byProof(users: Users, proof: DigestProof) {
    const { response: said, method, target } = proof;
    const { username, uri, nonce, nc, algorithm } = said;
    const entry = users.get(username)?.find((each) => each.algorithm === algorithm);
    // An answer for another resource may have been overheard (RFC 7616 §3.4.6).
    const isHere = said.realm === realm && uri === target;
    // Computed for unknown users, too: they must not be answered sooner.
    const ha1 = entry?.ha1 ?? "0".repeat(algorithm === "MD5" ? 32 : 64);
    const isRight = isSame(responseTo(said, { ha1, method }), said.response);
    if (!isRight || !isHere || entry === undefined) return entry && false;
    const use = nonces.use(nonce, parseInt(nc, 16));
    if (use === "fresh") return loginOf(entry);
    return new Refusal("The nonce has expired", "credentials", challenges(true));
  }

  function byPassword(users: Users, credentials: Credentials) {
    const { username, password } = credentials;
    if (!mayCarryPassword(credentials)) return undefined;
    const entry = users.get(username!)?.[0];
    const algorithm = entry?.algorithm ?? algorithms[0]!;
    const ha1 = ha1Of({ username: username!, realm, password: password! }, algorithm);
    const isRight = isSame(ha1, entry?.ha1 ?? ha1.replace(/./g, "0"));
    return isRight && entry ? loginOf(entry) : entry && false;
  }

  return {
    challenges: () => challenges(),
    authenticate(credentials, attempt?: LoginAttempt) {
      const { username, password, digest } = credentials;
      return then(file.read(), (users): Login | Refusal | false | undefined => {
        if (username === undefined || (digest ?? password) === undefined) return undefined;
        try {
          attempt?.proceed();
        } catch (error) {
          return refusalIn(error);
        }
        return digest ? byProof(users, digest) : byPassword(users, credentials);
      });
    },
  };
}

type Users = ReadonlyMap<string, readonly DigestEntry[]>;

function usersOf(entries: readonly DigestEntry[]): Users {
  const users = new Map<string, DigestEntry[]>();
  for (const each of entries) {
    const list = users.get(each.user);
    if (list) list.push(each);
    else users.set(each.user, [each]);
  }
  return users;
}

/**
 * The algorithms that all users can use, or if there is none, those that any can. A client takes
 * the first that it knows (RFC 7616 §3.7).
 */
function offered(users: Users): readonly DigestAlgorithm[] {
  const all = [...users.values()], names = ["SHA-256", "MD5"] as const;
  const has = (entries: readonly DigestEntry[], name: DigestAlgorithm) =>
    entries.some(({ algorithm }) => algorithm === name);
  const common = names.filter((name) => all.every((each) => has(each, name)));
  if (common.length > 0) return common;
  return names.filter((name) => all.some((each) => has(each, name)));
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
