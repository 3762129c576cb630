import type { Credentials } from "../../protocols/identity.ts";
import { Refusal } from "../../protocols/identity.ts";
import type { Later, Login } from "../hooks/hooks.ts";

/**
 * One way to find out who a client is: by passwords, tokens, certificates. `authenticators` makes a
 * hook of several.
 *
 * @example A word that everybody of the crew knows
 * ```ts
 * import { type Authenticator, authenticators, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const crew: Authenticator = {
 *   authenticate: ({ token }) => token === "sesame" ? { groups: ["crew"] } : undefined,
 *   challenges: () => ['Bearer realm="ship"'],
 * };
 * await using hub = gateway({ hooks: authenticators([crew]) });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}/topics/a`;
 * const answer = await fetch(url);
 * assert.equal(answer.headers.get("www-authenticate"), 'Bearer realm="ship"');
 * await answer.text();
 * ```
 */
export interface Authenticator {
  /**
   * Says who shows these credentials. Undefined leaves that to the next authenticator, false says
   * that they are wrong, and a refusal also says why.
   */
  authenticate(
    credentials: Credentials,
    attempt?: LoginAttempt,
  ): Later<Login | Refusal | false | undefined>;
  /** The values of `WWW-Authenticate` that tell HTTP clients how to log in (RFC 9110 §11.6.1). */
  challenges?(): readonly string[];
}

/**
 * One attempt to log in. An authenticator whose check is costly tells it when that begins and how
 * it ends, so that clients who guess are slowed down.
 *
 * @example Counting by hand
 * ```ts
 * import type { LoginAttempt } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * let failures = 0;
 * const attempt: LoginAttempt = { proceed: () => {}, failed: () => failures++ };
 * attempt.proceed();
 * attempt.failed();
 * assert.equal(failures, 1);
 * ```
 */
export interface LoginAttempt {
  /** Call right before costly work. Throws a `Refusal` when there were too many failures. */
  proceed(): void;
  /** Call as soon as the credentials turn out to be wrong. */
  failed(): void;
}

/** True when a password may come this way: over CoAP everybody on the way could read it. */
export function mayCarryPassword({ protocol, peer: { secure, address } }: Credentials): boolean {
  return protocol !== "coap" || secure || isLoopback(address);
}

/** The refusal that was thrown; throws anything else again. */
export function refusalIn(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  throw error;
}

/** True for `127.0.0.1:50112`, `[::1]:50112` and Unix sockets. */
function isLoopback(address: string): boolean {
  return /^(127\.|\[::1\]|\[::ffff:127\.)/.test(address) || !/:\d+$/.test(address);
}

/** True for a promise of an answer. */
export function isLater<T>(answer: Later<T>): answer is PromiseLike<T> {
  return typeof (answer as Partial<PromiseLike<T>> | null | undefined)?.then === "function";
}
