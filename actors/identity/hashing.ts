import { Refusal } from "../../protocols/identity.ts";

/** What hashing of passwords may take. */
const hashingDefaults = {
  /** Hashes computed at the same time, on threads of their own: others keep half of the processor. */
  maxAtOnce: Math.max(1, Math.floor(navigator.hardwareConcurrency / 2)),
  /** Hashes that wait for their turn: 10 s of work at the default cost; more are told to come later. */
  maxWaiting: 2_000,
};

const busy = new Refusal("Too many are logging in at the moment", "unavailable");

/** Has passwords hashed off the event loop, a few at a time. */
export class Hashing {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(readonly limits: typeof hashingDefaults = hashingDefaults) {}

  /** Runs `work` when it is its turn. Rejects with a `Refusal` when too many wait. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.limits.maxAtOnce) {
      if (this.#waiting.length >= this.limits.maxWaiting) throw busy;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running++;
    try {
      return await work();
    } finally {
      // Whoever comes next takes this place over.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

/** One for the whole process, which has to share the processor. */
export const hashing = new Hashing();

/** PBKDF2 (RFC 8018 §5.2) with an HMAC, on a thread of its own. */
export async function pbkdf2(
  password: Uint8Array,
  { salt, iterations, bytes, hash = "SHA-512" }: {
    salt: Uint8Array;
    iterations: number;
    bytes: number;
    hash?: "SHA-512" | "SHA-256";
  },
): Promise<Uint8Array> {
  const raw = new Uint8Array(password);
  const key = await crypto.subtle.importKey("raw", raw, "PBKDF2", false, ["deriveBits"]);
  const algorithm = { name: "PBKDF2", hash, salt: new Uint8Array(salt), iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, bytes * 8));
}
