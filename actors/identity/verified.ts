import { createHmac, randomBytes } from "node:crypto";

/** How long, and how many, right credentials are remembered. */
const verifiedDefaults = {
  /** Milliseconds for which an answer counts: requests of a page come together. */
  keepMs: 60_000,
  /** Answers that are kept: 200 bytes each. */
  max: 10_000,
};

/** Remembers right credentials for a short time, by a keyed hash of them. */
export class Verified<T> {
  readonly #secret = randomBytes(32);
  readonly #known = new Map<string, { value: T; until: number }>();
  readonly #limits: typeof verifiedDefaults;

  constructor(
    limits: Partial<typeof verifiedDefaults> = {},
    readonly now: () => number = Date.now,
  ) {
    this.#limits = { ...verifiedDefaults, ...limits };
  }

  /** What stands for these credentials here. */
  key(...parts: readonly (string | Uint8Array)[]): string {
    const hmac = createHmac("sha256", this.#secret);
    for (const part of parts) hmac.update(`${part.length}:`).update(part);
    return hmac.digest("base64");
  }

  get(key: string): T | undefined {
    const found = this.#known.get(key);
    if (found === undefined) return undefined;
    if (found.until > this.now()) return found.value;
    this.#known.delete(key);
    return undefined;
  }

  forget(key: string): void {
    this.#known.delete(key);
  }

  /** Keeps an answer, at most until `expires`. */
  set(key: string, value: T, expires = Infinity): void {
    const { keepMs, max } = this.#limits;
    this.#known.delete(key);
    this.#known.set(key, { value, until: Math.min(this.now() + keepMs, expires) });
    if (this.#known.size > max) this.#known.delete(this.#known.keys().next().value!);
  }
}
