import { parseHash, type PasswordHash } from "./password_hash.ts";

/**
 * The passwords of a file in the format of Mosquitto, by user: `user:$7$iterations$salt$hash`, or
 * `user:SCRAM-SHA-256$iterations:salt$stored:server`.
 */
export function parsePasswords(text: string): ReadonlyMap<string, PasswordHash> {
  const found = new Map<string, PasswordHash>();
  for (const { line, number } of entriesOf(text)) {
    const colon = line.indexOf(":");
    if (colon < 1) throw fault(number, "it must be user:$7$iterations$salt$hash");
    const hash = parseHash(line.slice(colon + 1));
    if (hash === undefined) {
      throw fault(number, "what follows the user must be $7$iterations$salt$hash");
    }
    found.set(line.slice(0, colon), hash);
  }
  return found;
}

/** The algorithm that made an HA1 (RFC 7616 §3.4.2). */
export type DigestAlgorithm = "MD5" | "SHA-256";

/** One user of one realm, as Apache's `htdigest` keeps it. */
export interface DigestEntry {
  readonly user: string;
  readonly realm: string;
  readonly algorithm: DigestAlgorithm;
  /** In lower-case hexadecimal digits. */
  readonly ha1: string;
}

/** The entries of a file in the format of `htdigest`: `user:realm:HA1`. */
export function parseDigests(text: string): readonly DigestEntry[] {
  return entriesOf(text).map(({ line, number }) => {
    const [, user, realm, ha1] = /^([^:]+):(.*):([\da-f]{32}|[\da-f]{64})$/i.exec(line) ?? [];
    if (ha1 === undefined) {
      throw fault(number, "it must be user:realm:HA1, with HA1 in hexadecimal");
    }
    const algorithm = ha1.length === 32 ? "MD5" : "SHA-256";
    return { user: user!, realm: realm!, algorithm, ha1: ha1.toLowerCase() };
  });
}

/** The lines that say something; `#` begins a comment. */
function entriesOf(text: string): { line: string; number: number }[] {
  return text.split(/\r?\n/)
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line.trim() !== "" && !line.startsWith("#"));
}

/** Without the line itself: it may hold a secret. */
function fault(number: number, right: string): SyntaxError {
  return new SyntaxError(`Cannot read line ${number}: ${right}`);
}
