import { Refusal } from "../../protocols/identity.ts";
import { networkOf } from "../../protocols/network.ts";
import type { LoginAttempt } from "./authenticator.ts";

/** How guessing is slowed down. */
const throttleDefaults = {
  /** Failures of one address that cost nothing: people mistype. */
  freePerAddress: 5,
  /**
   * Failures for one user from anywhere that cost nothing: more, so that strangers lock nobody out.
   */
  freePerUser: 20,
  /** Milliseconds to wait after the first failure that is not free; each further one doubles it. */
  firstMs: 1_000,
  /** Milliseconds of the longest wait: one guess a minute finds no password. */
  maxMs: 60_000,
  /** Milliseconds without a failure after which earlier ones are forgotten. */
  forgetMs: 600_000,
  /** Addresses and users that are remembered: 100 bytes each. */
  maxRemembered: 20_000,
};

interface Failures {
  count: number;
  last: number;
}

/** Remembers who failed to log in, and makes them wait longer each time. */
export class Throttle {
  readonly #failures = new Map<string, Failures>();
  readonly #limits: typeof throttleDefaults;

  constructor(
    limits: Partial<typeof throttleDefaults> = {},
    readonly now: () => number = Date.now,
    /** Hears of each failure once; `user` is what was claimed, of whatever length. */
    readonly failed?: (address: string, user: string | undefined) => void,
  ) {
    this.#limits = { ...throttleDefaults, ...limits };
  }

  /** A try from `address`, as `user` if it names one. */
  attempt(
    address: string,
    user: string | undefined,
  ): LoginAttempt & { readonly isFailed: boolean } {
    const host = `host ${networkOf(address)}`;
    const name = user === undefined ? undefined : `user ${user.slice(0, 256)}`;
    let isFailed = false;
    return {
      get isFailed() {
        return isFailed;
      },
      proceed: () => {
        const { freePerAddress, freePerUser } = this.#limits;
        const wait = Math.max(
          this.#wait(host, freePerAddress),
          name === undefined ? 0 : this.#wait(name, freePerUser),
        );
        if (wait > 0) throw tooMany(wait);
      },
      failed: () => {
        if (isFailed) return;
        isFailed = true;
        this.#fail(host);
        if (name !== undefined) this.#fail(name);
        this.failed?.(address, user);
      },
    };
  }

  /** Refuses who has to wait because of the address alone. */
  faultOf(address: string): Refusal | undefined {
    const wait = this.#wait(`host ${networkOf(address)}`, this.#limits.freePerAddress);
    return wait > 0 ? tooMany(wait) : undefined;
  }

  #wait(key: string, free: number): number {
    const failures = this.#failures.get(key);
    if (failures === undefined) return 0;
    const { firstMs, maxMs, forgetMs } = this.#limits, passed = this.now() - failures.last;
    if (passed >= forgetMs || passed < 0) {
      this.#failures.delete(key);
      return 0;
    }
    const excess = failures.count - free;
    if (excess < 0) return 0;
    return Math.max(0, Math.min(maxMs, firstMs * 2 ** Math.min(excess, 30)) - passed);
  }

  #fail(key: string): void {
    const failures = this.#failures.get(key) ?? { count: 0, last: 0 };
    this.#failures.delete(key);
    this.#failures.set(key, { count: failures.count + 1, last: this.now() });
    if (this.#failures.size <= this.#limits.maxRemembered) return;
    this.#failures.delete(this.#failures.keys().next().value!);
  }
}

function tooMany(wait: number): Refusal {
  const seconds = Math.ceil(wait / 1_000);
  return new Refusal(`Too many failed logins: try again in ${seconds} s`, "unavailable");
}
