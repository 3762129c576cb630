import { Credentials, type Refusal, type RefusalKind } from "../identity.ts";
import type { Peer } from "../session.ts";
import { type Answer, refusal } from "./answer.ts";
import { Code } from "./codec.ts";
import { parameter } from "./query.ts";
import type { Request } from "./request.ts";

const codes: Record<RefusalKind, number> = {
  credentials: Code.unauthorized,
  forbidden: Code.forbidden,
  invalid: Code.badRequest,
  unavailable: Code.unavailable,
};

const encoder = new TextEncoder();

/** Query parameters that say who asks: client identifier, user name, password, token. */
export const loginParameters: readonly string[] = ["c", "u", "p", "access_token"];

/** What a request shows: `?u=` and `?p=`, or `?access_token=`, and `?c=` as its own name. */
export function credentialsOf(
  request: Request,
  { peer, listener }: { peer: Peer; listener: string },
): Credentials {
  const [clientId, username, password, token] = loginParameters.map((name) =>
    parameter(request, name)
  );
  return new Credentials({
    protocol: "coap",
    peer,
    listener,
    clientId,
    username,
    password: password === undefined ? undefined : encoder.encode(password),
    token,
  });
}

/** How a refusal is said in CoAP. */
export function refused({ kind, reason }: Refusal): Answer {
  return refusal(codes[kind], reason);
}
