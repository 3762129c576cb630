import { wordsOfEnd } from "../grant.ts";
import type { Decided, Guard } from "../guard.ts";
import { credentialsOf } from "../http/credentials.ts";
import type { RequestHead } from "../http/messages/message.ts";
import { inHttp } from "../http/permission.ts";
import { Refusal as Refused } from "../identity.ts";
import type { Qos } from "../publication.ts";
import { type Hub, ProtocolError, type Session, type Wire } from "../session.ts";
import { closeCodes } from "./frames/codes.ts";
import { Deflation } from "./frames/deflation.ts";
import { acceptOffer, compressionDefaults, type CompressionOptions } from "./frames/extensions.ts";
import { type Refusal, refusal, switchingProtocols } from "./handshake.ts";
import type { WebSocketLimits } from "./limits.ts";
import type { OpenMode } from "./mode.ts";
import { WebSocketSession } from "./session.ts";

/** A request for a WebSocket, and the connection that it came on. */
export interface Asking {
  readonly request: RequestHead;
  readonly wire: Wire;
  readonly hub: Hub;
}

/** How a request for a WebSocket is accepted. */
export interface Accepting {
  readonly subprotocol: string | undefined;
  readonly limits: WebSocketLimits;
  /** How messages are compressed; absent, as for MQTT and CoAP, when they are not. */
  readonly compression?: CompressionOptions | boolean | undefined;
  readonly open: OpenMode;
}

/** Sends the 101 and opens the session that follows it; `left` is called when that is over. */
export function acceptSocket(
  { request: { fields }, wire, hub }: Asking,
  { subprotocol, limits, open, ...rest }: Accepting,
  now: number,
  left?: () => void,
): Session {
  const wishes = "compression" in rest ? wishesOf(rest.compression) : undefined;
  const accepted = wishes && acceptOffer(fields.get("sec-websocket-extensions"), wishes);
  const key = fields.get("sec-websocket-key")!;
  wire.send(switchingProtocols(key, subprotocol, accepted?.field));
  const deflation = accepted && new Deflation(accepted.agreement, wishes!);
  return new WebSocketSession(wire, hub, { open, limits, now, left, deflation });
}

/** The same for a client that hooks have let in, and that goes when its login ends. */
export function acceptKnown(
  asking: Asking,
  guard: Guard,
  accepting: Accepting,
  now: number,
): Session {
  const { identity } = asking.hub;
  guard.connected(identity, (end, now) => {
    session.refuse(new ProtocolError(wordsOfEnd[end], closeCodes.policyViolation), now);
    asking.wire.close();
  });
  const session = acceptSocket(asking, accepting, now, () => guard.disconnected(identity));
  return session;
}

/** The complete options of compression; undefined when there is to be none. */
export function wishesOf(
  compression: CompressionOptions | boolean | undefined,
): Required<CompressionOptions> | undefined {
  if (compression === false) return undefined;
  const given = compression === true ? {} : compression ?? {};
  return { ...compressionDefaults, ...given };
}

/**
 * Finds out who opens a WebSocket, and whether that client may subscribe to what its path names.
 */
export function login(
  { request, wire, hub }: Asking,
  guard: Guard,
  { filter, qos }: { filter: string | undefined; qos: Qos },
  decided: Decided<Refusal | undefined>,
): void {
  const { peer } = wire, { listener } = hub.identity;
  const credentials = credentialsOf(request, { protocol: "websocket", peer, listener });
  guard.authenticate(credentials, (identity, now) => {
    if (identity instanceof Refused) return decided(said(identity), now);
    hub.identify(identity);
    if (filter === undefined) return decided(undefined, now);
    const access = { action: "subscribe", identity, topic: filter, qos, retain: false } as const;
    guard.authorize(access, (refused, now) => decided(refused && said(refused), now));
  });
}

/** A refusal of a hook as the answer to a request for a WebSocket. */
export function said(refused: Refused): Refusal {
  const { status, reason, fields } = inHttp(refused);
  return refusal(status, reason, fields);
}
