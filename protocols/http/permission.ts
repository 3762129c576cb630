import type { Access } from "../guard.ts";
import { kindOnRequest, Refusal, type RefusalKind } from "../identity.ts";
import type { Publication } from "../publication.ts";
import type { Outcome } from "../session.ts";
import { collect } from "./collect.ts";
import { credentialsOf } from "./credentials.ts";
import { type Answer, type Exchange, respondText } from "./exchange.ts";
import { Handlers } from "./handlers.ts";
import { isOfHealth, respondHealth } from "./health.ts";
import { isPreflight, permits } from "./origin.ts";
import { isOwnPreflight, isSettled } from "./pages.ts";
import type { SiteAnswer } from "./site.ts";

const statuses: Record<RefusalKind, number> = {
  credentials: 401,
  forbidden: 403,
  invalid: 400,
  unavailable: 503,
};

/** The challenge when a hook names none: Basic is what its author most likely expects. */
const BASIC = ['Basic realm="meerkat", charset="UTF-8"'];

/** A refusal as HTTP says it. */
export function inHttp(refusal: Refusal): {
  status: number;
  reason: string;
  fields: readonly (readonly [string, string])[];
} {
  const { reason, challenges = BASIC } = refusal, kind = kindOnRequest(refusal);
  const fields = kind === "credentials"
    ? challenges.map((each) => ["www-authenticate", each] as const)
    : kind === "unavailable"
    ? [["retry-after", "1"]] as const
    : [];
  return { status: statuses[kind], reason, fields };
}

/**
 * Lets requests through to `answer` by the web page, and then by the client, that they are from.
 */
export function entrance(answer: SiteAnswer, allowed: readonly string[]): Answer {
  return (exchange, now) => {
    const { request, peer, hub } = exchange;
    if (isOfHealth(exchange)) return respondHealth(exchange);
    const handler = hub.shared(Handlers).find(request);
    if (isSettled(exchange, allowed, handler?.value.pages)) return;
    if (handler !== undefined && isOwnPreflight(request, handler.value.pages)) {
      return handler.value(exchange, now, handler.params);
    }
    const { guard, identity: { listener } } = hub;
    if (guard === undefined) return answer(exchange, now, handler);
    const credentials = credentialsOf(request, { protocol: "http", peer, listener });
    guard.authenticate(credentials, (identity, now) => {
      if (exchange.closed) return;
      if (identity instanceof Refusal) {
        // A handler of its own says by `cors` and `origins` who may ask.
        const isSite = handler === undefined && identity.kind === "credentials";
        if (isSite && isPreflight(request)) {
          return respondPreflight(exchange, allowed);
        }
        return respondRefusal(exchange, identity);
      }
      hub.identify(identity);
      answer(exchange, now, handler);
    });
  };
}

/** Answers a preflight, which can bring no login, where one is needed. */
function respondPreflight(exchange: Exchange, allowed: readonly string[]): void {
  const { request: { fields }, peer: { address } } = exchange;
  const permitted = permits(fields, { address, allowed });
  if (typeof permitted === "string") respondText(exchange, 403, permitted);
  else exchange.respond({ status: 204, fields: permitted });
}

/** Answers with a refusal. */
export function respondRefusal(exchange: Exchange, refusal: Refusal): void {
  const { status, reason, fields } = inHttp(refusal);
  respondText(exchange, status, reason, fields);
}

/** Calls `then` when something may be done, and else answers why it may not. */
export function ifAllowed(
  exchange: Exchange,
  access: Omit<Access, "identity">,
  then: () => void,
): void {
  const { guard, identity } = exchange.hub;
  if (guard === undefined) return then();
  guard.authorize({ ...access, identity }, (refusal) => {
    if (exchange.closed) return;
    if (refusal === undefined) then();
    else respondRefusal(exchange, refusal);
  });
}

/**
 * The same for what needs the request's body. The body may take its time: it must still be allowed
 * then.
 */
export function ifAllowedWithBody(
  exchange: Exchange,
  { maxBytes, ...access }: Omit<Access, "identity"> & { maxBytes: number },
  then: (body: Uint8Array) => void,
): void {
  ifAllowed(exchange, access, () => {
    const { guard } = exchange.hub, revision = guard?.revision;
    collect(exchange, maxBytes, (body) => {
      if (guard?.revision === revision) then(body);
      else ifAllowed(exchange, access, () => then(body));
    });
  });
}

/** Publishes, and calls `then` with what became of it; answers why when hooks refuse it. */
export function publish(
  exchange: Exchange,
  publication: Publication,
  then: (outcome: Outcome) => void,
): void {
  const { guard, identity } = exchange.hub;
  if (guard === undefined) return then(exchange.hub.publish(publication));
  guard.inspect(publication, identity, (answer) => {
    if (exchange.closed) return;
    if (answer instanceof Refusal) respondRefusal(exchange, answer);
    else then(exchange.hub.publish(answer));
  });
}
