/**
 * What a login stands on, such as a line of a file or the key of a token: it can go while connections
 * last that were let in because of it, and they go with it.
 *
 * @example A switch
 * ```ts
 * import type { Grant } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * class Switch implements Grant {
 *   readonly #heard = new Set<() => void>();
 *   #isOn = true;
 *   off() {
 *     this.#isOn = false;
 *     for (const each of this.#heard) each();
 *   }
 *   check(decided: (holds: boolean) => void) {
 *     decided(this.#isOn);
 *   }
 *   watch(revoked: () => void) {
 *     if (!this.#isOn) revoked();
 *     this.#heard.add(revoked);
 *     return () => void this.#heard.delete(revoked);
 *   }
 * }
 * const grant = new Switch();
 * const heard: string[] = [];
 * const forget = grant.watch(() => heard.push("revoked"));
 * grant.off();
 * forget();
 * assert.deepEqual(heard, ["revoked"]);
 * ```
 */
export interface Grant {
  /** Finds out whether it holds still, at once or later. */
  check(decided: (holds: boolean) => void): void;
  /** Calls `revoked` when it does not, be it at once; the answer ends that. */
  watch(revoked: () => void): () => void;
}

/**
 * Why a login has ended: it said when it would, or what it stood on has gone.
 *
 * @example For a log
 * ```ts
 * import type { LoginEnd } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const inWords = (user: string, end: LoginEnd) => `the login of ${user} has ${end}`;
 * assert.equal(inWords("ann", "expired"), "the login of ann has expired");
 * ```
 */
export type LoginEnd = "expired" | "revoked";

/** The same for whoever was logged in. */
export const wordsOfEnd: Readonly<Record<LoginEnd, string>> = {
  expired: "The login has expired",
  revoked: "The login has been revoked",
};

/**
 * Hears that a login has ended, and why.
 *
 * @example For a log
 * ```ts
 * import type { LoginEnded } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const lines: string[] = [];
 * const ended: LoginEnded = (end, now) => lines.push(`${end} at ${now}`);
 * ended("revoked", 7);
 * assert.deepEqual(lines, ["revoked at 7"]);
 * ```
 */
export type LoginEnded = (end: LoginEnd, now: number) => void;
