import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";

/** How long a nonce of HTTP's Digest may be used. */
const nonceDefaults = {
  /** 5 minutes: after that a client gets a new one by itself, without asking its user. */
  ageMs: 300_000,
  /**
   * Nonces whose counts are remembered, 100 bytes each; with one more, the oldest cannot be used.
   */
  maxRemembered: 10_000,
};

/** Requests of one nonce may overtake each other by this many, as on parallel connections. */
const WINDOW = 32;

/** Makes nonces (RFC 7616 §3.3), and takes each count of each only once (§3.4). */
export class Nonces {
  readonly #secret = randomBytes(32);
  readonly #used = new Map<string, { highest: number; seen: number }>();
  readonly #limits: typeof nonceDefaults;
  /** Nonces made before are out of use, if they were not remembered. */
  #floor = 0;

  constructor(
    limits: Partial<typeof nonceDefaults> = {},
    readonly now: () => number = Date.now,
  ) {
    this.#limits = { ...nonceDefaults, ...limits };
  }

  make(): string {
    const body = `${this.now().toString(16)}.${randomBytes(8).toString("hex")}`;
    return `${body}.${this.#sign(body)}`;
  }

  /** What this use of a nonce is; the nonce counts as used only when it is `fresh`. */
  use(nonce: string, count: number): "fresh" | "stale" | "foreign" {
    const [, body, time, signature] =
      /^(([\da-f]{1,12})\.[\da-f]{16})\.([\da-f]{32})$/.exec(nonce) ?? [];
    if (signature === undefined) return "foreign";
    if (!timingSafeEqual(Buffer.from(signature), Buffer.from(this.#sign(body!)))) return "foreign";
    const made = parseInt(time!, 16), age = this.now() - made;
    if (age < 0 || age > this.#limits.ageMs || count === 0) return "stale";
    const used = this.#used.get(nonce);
    if (used === undefined) {
      if (made <= this.#floor) return "stale";
      this.#used.set(nonce, { highest: count, seen: 1 });
      this.#forget();
      return "fresh";
    }
    const ahead = count - used.highest;
    if (ahead > 0) {
      used.seen = ahead >= WINDOW ? 1 : (used.seen << ahead | 1) >>> 0;
      used.highest = count;
      return "fresh";
    }
    if (-ahead >= WINDOW || (used.seen >>> -ahead & 1) === 1) return "stale";
    used.seen = (used.seen | 1 << -ahead) >>> 0;
    return "fresh";
  }

  /**
   * A count that is forgotten could be used again, so nonces that are as old are refused from now
   * on.
   */
  #forget(): void {
    if (this.#used.size <= this.#limits.maxRemembered) return;
    const oldest = this.#used.keys().next().value!;
    this.#used.delete(oldest);
    this.#floor = Math.max(this.#floor, parseInt(oldest, 16));
  }

  #sign(body: string): string {
    return createHmac("sha256", this.#secret).update(body).digest("hex").slice(0, 32);
  }
}
