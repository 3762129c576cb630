/**
 * What a login rests on, such as a line of a password file or the key that signed a token. It can
 * be taken away while connections that were let in because of it still last; these then end, too.
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
  /** Calls `decided`, at once or later, with whether the grant still holds. */
  check(decided: (holds: boolean) => void): void;
  /**
   * Calls `revoked` once the grant is gone, at once if it is already. The result ends the watch.
   */
  watch(revoked: () => void): () => void;
}

/**
 * Why a login has ended: its time was over (`expired`), or its grant was taken away (`revoked`).
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

/** The same as a sentence for whoever was logged in. */
export const wordsOfEnd: Readonly<Record<LoginEnd, string>> = {
  expired: "The login has expired",
  revoked: "The login has been revoked",
};

/**
 * Called when a login has ended, with the reason.
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
