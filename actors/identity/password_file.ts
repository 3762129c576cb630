import type { Grant } from "../../protocols/grant.ts";
import type { Refusal } from "../../protocols/identity.ts";
import type { Later, Login } from "../hooks/hooks.ts";
import {
  type Authenticator,
  type LoginAttempt,
  mayCarryPassword,
  refusalIn,
} from "./authenticator.ts";
import { type Source, Standing } from "./grant.ts";
import { parsePasswords } from "./lines.ts";
import {
  decoy,
  formatHash,
  isSameHash,
  type PasswordHash,
  verifyPassword,
} from "./password_hash.ts";
import { Verified } from "./verified.ts";
import { then, WatchedFile } from "./watched_file.ts";

/**
 * What authenticators that read files tell clients and operators.
 *
 * @example A realm of your own, and faults of the file on standard error
 * ```ts
 * import { type FileOptions, passwordFile } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: FileOptions = { realm: "lab", refused: (error) => console.error(error) };
 * const { challenges } = passwordFile("users", options);
 * assert.deepEqual(challenges?.(), ['Basic realm="lab", charset="UTF-8"']);
 * ```
 */
export interface FileOptions {
  /** What HTTP clients are told that the password is for; default `meerkat`. */
  realm?: string;
  /**
   * Called with the reason when a file that has changed cannot be used; the old one stays in use.
   */
  refused?: (error: unknown) => void;
  /** The time in milliseconds since 1970; default: the machine's clock. */
  now?: () => number;
}

/**
 * Makes an authenticator that knows the users of a password file in the format of Mosquitto, which
 * `passwd set` writes, too. The file is read again when it has changed; connections of users whose
 * lines have changed or gone are closed.
 *
 * @example A file that Mosquitto's own tool wrote
 * ```ts
 * import { authenticators, gateway, http, passwordFile, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const file = await Deno.makeTempFile();
 * await Deno.writeTextFile(file, "ann:$7$101$ZlBu2Dl5gGtDy6yn$3+TkyzM83iApo/10v6FBuwX0qaWijf" +
 *   "yCxaMuQnA+/5ht0rkIcEZSAzCxW/RlKl3DLncb1pIhBl3EdL0J9wrMNQ==\n");
 * await using hub = gateway({ hooks: authenticators([passwordFile(file)]) });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const headers = { authorization: `Basic ${btoa("ann:secret")}` };
 * const answer = await fetch(`http://127.0.0.1:${port}/`, { headers });
 * assert.equal(answer.status, 200);
 * await answer.text();
 * await Deno.remove(file);
 * ```
 */
export function passwordFile(
  path: string,
  { realm = "meerkat", refused, now }: FileOptions = {},
): Authenticator {
  const file = new WatchedFile(path, parsePasswords, { refused, now });
  const verified = new Verified<Login>({}, now);

  async function check(
    { user, entry, password, key }: Wanted,
    { attempt, entries }: { attempt?: LoginAttempt | undefined; entries: Entries },
  ): Promise<Login | Refusal | false | undefined> {
    try {
      if (entry === undefined) {
        // The next authenticator may know the user, so this is no failure yet.
        const proceed = () => attempt?.proceed();
        await verifyPassword(password, decoy(costliest(entries)), { proceed, failed() {} });
        return undefined;
      }
      if (!await verifyPassword(password, entry, attempt)) return false;
      const login = { user, grant: grantOf(file, user, entry) };
      verified.set(key, login);
      return login;
    } catch (error) {
      return refusalIn(error);
    }
  }

  return {
    challenges: () => [`Basic realm="${realm}", charset="UTF-8"`],
    authenticate(credentials, attempt) {
      const { username: user, password } = credentials;
      if (user === undefined || password === undefined) return undefined;
      if (!mayCarryPassword(credentials)) return undefined;
      return then(file.read(), (entries): Later<Login | Refusal | false | undefined> => {
        const entry = entries.get(user);
        const key = verified.key(user, entry ? formatHash(entry) : "", password);
        return (entry && verified.get(key)) ??
          check({ user, entry, password, key }, { attempt, entries });
      });
    },
  };
}

/** What a password file says. */
export type Entries = ReadonlyMap<string, PasswordHash>;

interface Wanted {
  readonly user: string;
  readonly entry: PasswordHash | undefined;
  readonly password: Uint8Array;
  readonly key: string;
}

/** A login holds as long as the line of its user says the same. */
export function grantOf(file: Source<Entries>, user: string, entry: PasswordHash): Grant {
  return new Standing(file, (entries) => {
    const now = entries.get(user);
    return now !== undefined && isSameHash(now, entry);
  });
}

/** The entry that costs the most to check: unknown users must take as long as known ones. */
function costliest(entries: Entries): PasswordHash | undefined {
  let found: PasswordHash | undefined;
  for (const each of entries.values()) {
    if (found === undefined || each.iterations > found.iterations) found = each;
  }
  return found;
}
