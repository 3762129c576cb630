import { type Credentials, Refusal } from "../../protocols/identity.ts";
import type { Hooks, Later, Login } from "../hooks/hooks.ts";
import { type Authenticator, isLater } from "./authenticator.ts";
import { Throttle } from "./throttle.ts";

/**
 * Whom `authenticators` lets in besides those that an authenticator knows.
 *
 * @example Guests may come in as well
 * ```ts
 * import { authenticators, type AuthenticatorsOptions, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: AuthenticatorsOptions = { allowAnonymous: true };
 * await using hub = gateway({ hooks: authenticators([], options) });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const answer = await fetch(`http://127.0.0.1:${port}/`);
 * assert.equal(answer.status, 200);
 * await answer.text();
 * ```
 */
export interface AuthenticatorsOptions {
  /**
   * True lets in clients that show no credentials at all, without a name; default false. Over HTTP
   * and CoAP they hear how to log in when they may not do something.
   */
  allowAnonymous?: boolean;
}

type Answer = Login | Refusal | false | undefined;

/**
 * Makes a hook that asks authenticators one after the other, until one knows who the client is.
 * Clients that guess are slowed down: after 5 failures from one address, or 20 for one user, they
 * must wait 1 s, then 2 s, up to a minute.
 *
 * @example A token or a password
 * ```ts
 * import { authenticators, gateway, http, jwt, passwordFile, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const hooks = authenticators([jwt({ secret: "x".repeat(32) }), passwordFile("users")]);
 * await using hub = gateway({ hooks });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const answer = await fetch(`http://127.0.0.1:${port}/`);
 * assert.equal(answer.status, 401);
 * assert.match(answer.headers.get("www-authenticate")!, /Bearer .*, Basic /);
 * await answer.text();
 * ```
 */
export function authenticators(
  list: readonly Authenticator[],
  options: AuthenticatorsOptions = {},
): Hooks {
  return throttled(list, { ...options, throttle: new Throttle() });
}

/** The same, for sets that share what slows guessing down. */
export function throttled(
  list: readonly Authenticator[],
  { allowAnonymous = false, throttle }: AuthenticatorsOptions & { throttle: Throttle },
): { authenticate(credentials: Credentials): Later<Login | Refusal> } {
  function challenges(): string[] {
    return [...new Set(list.flatMap((each) => each.challenges?.() ?? []))];
  }

  function refuse({ saysNothing }: Credentials): Refusal {
    const reason = saysNothing ? "A login is needed" : "The credentials are not accepted";
    return new Refusal(reason, "credentials", challenges());
  }

  /** MQTT has no way to log in later. */
  function guest({ protocol }: Credentials): Login {
    const ways = protocol === "mqtt" ? [] : challenges();
    return ways.length === 0 ? {} : { challenges: ways };
  }

  return {
    authenticate(credentials: Credentials): Later<Login | Refusal> {
      const { peer: { address }, username } = credentials;
      const fault = credentials.saysNothing ? undefined : throttle.faultOf(address);
      if (fault !== undefined) return fault;
      const attempt = throttle.attempt(address, username);

      const end = (answer: Answer): Login | Refusal => {
        if (answer instanceof Refusal) {
          return answer.kind === "credentials" && answer.challenges === undefined
            ? new Refusal(answer.reason, answer.kind, challenges())
            : answer;
        }
        if (answer) return answer;
        if (credentials.saysNothing && allowAnonymous) return guest(credentials);
        if (!credentials.saysNothing) attempt.failed();
        return refuse(credentials);
      };
      const ask = (at: number): Later<Login | Refusal> => {
        for (let i = at; i < list.length; i++) {
          const answer = list[i]!.authenticate(credentials, attempt);
          if (isLater(answer)) {
            return answer.then((late) => late === undefined ? ask(i + 1) : end(late));
          }
          if (answer !== undefined) return end(answer);
        }
        return end(undefined);
      };
      return ask(0);
    },
  };
}
