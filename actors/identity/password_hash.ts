import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import type { LoginAttempt } from "./authenticator.ts";
import { hashing, pbkdf2 } from "./hashing.ts";

/**
 * Rounds of a password that `passwd` sets: 5 ms each time on a processor of today, so that a
 * thousand devices that come back at once are in again within seconds.
 */
export const ITERATIONS = 10_000;
/** Rounds that a file may ask for: 5 s of one processor. */
const MAX_ITERATIONS = 10_000_000;
const HASH_BYTES = 64;
const SALT_BYTES = 12;

/** What a password file keeps of a password. */
export interface PasswordHash {
  /** 7: PBKDF2 with SHA-512; 6: one round of SHA-512, as Mosquitto wrote until 2.0. */
  readonly kind: 6 | 7;
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** Reads `$7$iterations$salt$hash` or `$6$salt$hash`; undefined when it is neither. */
export function parseHash(text: string): PasswordHash | undefined {
  const [empty, kind, ...rest] = text.split("$");
  if (empty !== "") return undefined;
  const [salt, hash] = rest.slice(-2).map(base64);
  if (salt === undefined || hash?.length !== HASH_BYTES) return undefined;
  if (kind === "6" && rest.length === 2) return { kind: 6, iterations: 1, salt, hash };
  if (kind !== "7" || rest.length !== 3 || !/^[1-9]\d{0,7}$/.test(rest[0]!)) return undefined;
  const iterations = Number(rest[0]);
  return iterations > MAX_ITERATIONS ? undefined : { kind: 7, iterations, salt, hash };
}

/** The hash as Mosquitto writes it. */
export function formatHash({ kind, iterations, salt, hash }: PasswordHash): string {
  const cost = kind === 7 ? `${iterations}$` : "";
  return `$${kind}$${cost}${encode(salt)}$${encode(hash)}`;
}

/** Hashes a new password. */
export async function hashPassword(
  password: Uint8Array,
  iterations = ITERATIONS,
): Promise<PasswordHash> {
  const salt = new Uint8Array(randomBytes(SALT_BYTES));
  const hash = await pbkdf2(password, { salt, iterations, bytes: HASH_BYTES });
  return { kind: 7, iterations, salt, hash };
}

/**
 * True when this is the password. Takes as long when it is not. Rejects with a `Refusal` when
 * `attempt` may not proceed by the time that it is its turn.
 */
export function verifyPassword(
  password: Uint8Array,
  { kind, iterations, salt, hash }: PasswordHash,
  attempt?: LoginAttempt,
): Promise<boolean> {
  return hashing.inTurn(async () => {
    attempt?.proceed();
    const found = kind === 7
      ? await pbkdf2(password, { salt, iterations, bytes: HASH_BYTES })
      : createHash("sha512").update(password).update(salt).digest();
    const isRight = timingSafeEqual(found, hash);
    // Before the next is hashed: it may be a guess of the same client.
    if (!isRight) attempt?.failed();
    return isRight;
  });
}

/** A hash that no password has, as costly to find out as `like`. */
export function decoy(like: PasswordHash | undefined): PasswordHash {
  const { kind = 7, iterations = ITERATIONS } = like ?? {};
  const [salt, hash] = [randomBytes(SALT_BYTES), randomBytes(HASH_BYTES)].map((each) =>
    new Uint8Array(each)
  );
  return { kind, iterations, salt: salt!, hash: hash! };
}

function base64(text: string): Uint8Array | undefined {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text)
    ? new Uint8Array(Buffer.from(text, "base64"))
    : undefined;
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
