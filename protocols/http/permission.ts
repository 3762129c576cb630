import type { Access } from "../guard.ts";
import { Refusal, type RefusalKind } from "../identity.ts";
import type { Publication } from "../publication.ts";
import type { Outcome } from "../session.ts";
import { credentialsOf } from "./credentials.ts";
import { type Answer, type Exchange, respondText } from "./exchange.ts";
import { isOfHealth, respondHealth } from "./health.ts";
import { faultOfHost, faultOfOrigin, isPreflight, preflightFields, sharing } from "./origin.ts";

const statuses: Record<RefusalKind, number> = {
  credentials: 401,
  forbidden: 403,
  invalid: 400,
  unavailable: 503,
};

/** The challenge when a hook names none: Basic is what its author most likely expects. */
const BASIC = ['Basic realm="meerkat", charset="UTF-8"'];

/** A refusal as HTTP says it. */
export function inHttp({ kind, reason, challenges = BASIC }: Refusal): {
  status: number;
  reason: string;
  fields: readonly (readonly [string, string])[];
} {
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
export function entrance(answer: Answer, allowed: readonly string[]): Answer {
  return (exchange, now) => {
    const { request, peer, hub } = exchange, { path } = request;
    if (isOfHealth(exchange)) return respondHealth(exchange);
    if (path.startsWith("/topics") || path === "/.well-known/core") {
      if (isSettled(exchange, allowed)) return;
    }
    const { guard, identity: { listener } } = hub;
    if (guard === undefined) return answer(exchange, now);
    const credentials = credentialsOf(request, { protocol: "http", peer, listener });
    guard.authenticate(credentials, (identity, now) => {
      if (exchange.closed) return;
      if (identity instanceof Refusal) return respondRefusal(exchange, identity);
      hub.identify(identity);
      answer(exchange, now);
    });
  };
}

/** True when a request has been answered here, because of the page that it comes from. */
function isSettled(exchange: Exchange, allowed: readonly string[]): boolean {
  const { request, peer: { address } } = exchange, { fields, method } = request;
  const rules = { address, allowed };
  const host = faultOfHost(fields, rules);
  if (host !== undefined) {
    respondText(exchange, 403, host);
    return true;
  }
  const origin = fields.get("origin");
  if (origin === undefined) return false;
  const fault = faultOfOrigin(fields, rules);
  if (fault === undefined) exchange.share(sharing(origin));
  // Reading changes nothing, and the browser keeps the answer from the page.
  else if (method !== "GET" && method !== "HEAD") {
    respondText(exchange, 403, fault);
    return true;
  }
  if (!isPreflight(request)) return false;
  exchange.respond({ status: 204, fields: preflightFields });
  return true;
}

/** Answers with a refusal. */
function respondRefusal(exchange: Exchange, refusal: Refusal): void {
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
