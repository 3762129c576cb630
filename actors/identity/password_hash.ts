import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { Buffer, isUtf8 } from "node:buffer";
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
const SCRAM = "SCRAM-SHA-256$";

/** What a password file keeps of a password. */
export interface PasswordHash {
  /**
   * 7: PBKDF2 with SHA-512; 6: one round of SHA-512, as Mosquitto wrote until 2.0; scram: the stored
   * key of SCRAM-SHA-256 (RFC 5802 §3).
   */
  readonly kind: 6 | 7 | "scram";
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
  /** By which SCRAM shows that the server knows the user, too. */
  readonly serverKey?: Uint8Array;
}

/**
 * Reads `$7$iterations$salt$hash`, `$6$salt$hash` or `SCRAM-SHA-256$iterations:salt$stored:server`;
 * undefined when it is none of them.
 */
export function parseHash(text: string): PasswordHash | undefined {
  if (text.startsWith(SCRAM)) return parseScram(text.slice(SCRAM.length));
  const [empty, kind, ...rest] = text.split("$");
  if (empty !== "") return undefined;
  const [salt, hash] = rest.slice(-2).map(base64);
  if (salt === undefined || hash?.length !== HASH_BYTES) return undefined;
  if (kind === "6" && rest.length === 2) return { kind: 6, iterations: 1, salt, hash };
  if (kind !== "7" || rest.length !== 3 || !/^[1-9]\d{0,7}$/.test(rest[0]!)) return undefined;
  const iterations = Number(rest[0]);
  return iterations > MAX_ITERATIONS ? undefined : { kind: 7, iterations, salt, hash };
}

/** As PostgreSQL keeps it, too. */
function parseScram(text: string): PasswordHash | undefined {
  const [, rounds, ...rest] = /^([1-9]\d{0,7}):([^$:]+)\$([^$:]+):([^$:]+)$/.exec(text) ?? [];
  const [salt, hash, serverKey] = rest.map(base64), iterations = Number(rounds);
  if (salt === undefined || hash?.length !== 32 || serverKey?.length !== 32) return undefined;
  return iterations > MAX_ITERATIONS
    ? undefined
    : { kind: "scram", iterations, salt, hash, serverKey };
}

/** True for two that stand in a file as the same text. */
export function isSameHash(one: PasswordHash, other: PasswordHash): boolean {
  return one.kind === other.kind && one.iterations === other.iterations &&
    Buffer.compare(one.salt, other.salt) === 0 && Buffer.compare(one.hash, other.hash) === 0;
}

/** The hash as it stands in a file: `$7$…` and `$6$…` as Mosquitto writes them. */
export function formatHash({ kind, iterations, salt, hash, serverKey }: PasswordHash): string {
  if (kind === "scram") {
    return `${SCRAM}${iterations}:${encode(salt)}$${encode(hash)}:${encode(serverKey!)}`;
  }
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

/** What SCRAM keeps of a new password. */
export async function scramPassword(
  password: Uint8Array,
  iterations = ITERATIONS,
): Promise<PasswordHash> {
  const salt = new Uint8Array(randomBytes(SALT_BYTES));
  const salted = await saltedBy(password, { salt, iterations });
  const serverKey = new Uint8Array(createHmac("sha256", salted).update("Server Key").digest());
  return { kind: "scram", iterations, salt, hash: storedKey(salted), serverKey };
}

/** SaltedPassword of RFC 5802 §3; passwords are normalized as clients do it. */
function saltedBy(
  password: Uint8Array,
  cost: { salt: Uint8Array; iterations: number },
): Promise<Uint8Array> {
  const text = isUtf8(password) ? Buffer.from(password).toString().normalize("NFKC") : undefined;
  return pbkdf2(text === undefined ? password : Buffer.from(text), {
    ...cost,
    bytes: 32,
    hash: "SHA-256",
  });
}

function storedKey(salted: Uint8Array): Uint8Array {
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  return new Uint8Array(createHash("sha256").update(clientKey).digest());
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
    const found = kind === "scram"
      ? storedKey(await saltedBy(password, { salt, iterations }))
      : kind === 7
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
  const { kind = 7, iterations = ITERATIONS, hash: { length } = { length: HASH_BYTES } } = like ??
    {};
  const [salt, hash] = [randomBytes(SALT_BYTES), randomBytes(length)].map((each) =>
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
