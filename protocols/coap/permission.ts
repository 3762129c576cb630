import type { Access } from "../guard.ts";
import { Credentials, kindOnRequest, Refusal, type RefusalKind } from "../identity.ts";
import type { Publication, Qos } from "../publication.ts";
import type { Peer } from "../session.ts";
import { type Answer, refusal } from "./messages/answer.ts";
import { Code } from "./messages/codec.ts";
import { parameter } from "./messages/query.ts";
import type { Request } from "./messages/request.ts";
import type { Caller } from "./origin.ts";

const codes: Record<RefusalKind, number> = {
  credentials: Code.unauthorized,
  forbidden: Code.forbidden,
  invalid: Code.badRequest,
  unavailable: Code.unavailable,
};

const encoder = new TextEncoder();

/** Query parameters that say who sends a request; the short names are the older ones. */
const names = {
  clientId: ["c", "clientid"],
  username: ["u", "username"],
  password: ["p", "password"],
  token: ["access_token"],
};

/** All query parameters of credentials, which do not select links. */
export const loginParameters: readonly string[] = [...Object.values(names).flat(), "token"];

/**
 * The credentials of a request: `?u=` and `?p=` (or `?username=` and `?password=`),
 * `?access_token=`, and `?c=` (or `?clientid=`).
 */
export function credentialsOf(
  request: Request,
  { peer, listener }: { peer: Peer; listener: string },
): Credentials {
  const said = (any: readonly string[]) =>
    any.map((name) => parameter(request, name)).find((value) => value !== undefined);
  const password = said(names.password);
  return new Credentials({
    protocol: "coap",
    peer,
    listener,
    clientId: said(names.clientId),
    username: said(names.username),
    password: password === undefined ? undefined : encoder.encode(password),
    token: said(names.token),
  });
}

/** A refusal as CoAP says it. */
export function refused(refused: Refusal): Answer {
  return refusal(codes[kindOnRequest(refused)], refused.reason);
}

/** Calls `then` if hooks allow to read or observe a topic: who subscribes gets its value first. */
export function mayFollow(
  topic: string,
  qos: Qos,
  caller: Caller,
  then: (now: number) => Answer | undefined,
): Answer | undefined {
  return may({ action: "subscribe", topic, qos, retain: false }, caller, then);
}

/** Calls `then` if hooks allow something; else answers why not. */
export function may(
  wish: Omit<Access, "identity">,
  { identity, guard, late }: Caller,
  then: (now: number) => Answer | undefined,
): Answer | undefined {
  return late.ask<Refusal | undefined>(
    (decided) => guard.authorize({ ...wish, identity }, decided),
    (refusal, now) => refusal === undefined ? then(now) : refused(refusal),
  );
}

/** Publishes what hooks make of a publication. */
export function offer(
  publication: Publication,
  caller: Caller | undefined,
  publish: (publication: Publication) => Answer | undefined,
  refuse: (refusal: Refusal) => Answer = refused,
): Answer | undefined {
  if (caller === undefined) return publish(publication);
  const { identity, guard, late } = caller;
  return late.ask<Publication | Refusal>(
    (decided) => guard.publish(publication, identity, decided),
    (answer) => answer instanceof Refusal ? refuse(answer) : publish(answer),
  );
}
