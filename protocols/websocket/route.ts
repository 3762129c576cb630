import type { Decided } from "../guard.ts";
import { shownPath } from "../http/exchange.ts";
import type { UpgradeQuestion } from "../http/messages/message.ts";
import type { Found } from "../http/routes.ts";
import { notAllowed } from "../identity.ts";
import type { Session } from "../session.ts";
import { type Accepting, acceptKnown, acceptSocket, type Asking, login, said } from "./accept.ts";
import { chooseSubprotocol, type Refusal } from "./handshake.ts";
import type { Arrival, SocketRoute } from "./socket.ts";
import { SocketMode } from "./socket_mode.ts";

/**
 * True when a WebSocket is for the handler of its path, not for one of the gateway's subprotocols.
 */
export function isForRoute(
  { protocols }: SocketRoute,
  offered: string | undefined,
  known: readonly string[],
): boolean {
  return chooseSubprotocol(offered, protocols) !== undefined ||
    chooseSubprotocol(offered, known) === undefined;
}

/** Opens a WebSocket for the handler of its path, once hooks and the handler have let it in. */
export function openRoute(
  asking: Asking,
  { value: route, params }: Found<SocketRoute>,
  rules: Pick<Accepting, "limits" | "compression">,
  now: number,
): Session | UpgradeQuestion {
  const { request, wire, hub } = asking, { guard } = hub;
  const offered = request.fields.get("sec-websocket-protocol");
  const subprotocol = chooseSubprotocol(offered, route.protocols);
  const arrival = (): Arrival => {
    const { peer } = wire, { identity } = hub;
    return { request, params, peer, identity, protocol: subprotocol ?? "" };
  };
  const limits = { ...rules.limits, ...route.limits };
  const compression = route.compression ?? rules.compression;
  const accepting: Accepting = {
    subprotocol,
    limits,
    compression,
    open(link, now) {
      const label = request.path.slice(0, 80);
      return new SocketMode(link, route.open(arrival()), { limits, now, label });
    },
  };
  const { accept } = route;
  if (guard === undefined && accept === undefined) return acceptSocket(asking, accepting, now);
  const askUser = (decided: Decided<Refusal | undefined>, now: number) =>
    accept === undefined ? decided(undefined, now) : accept(arrival(), hub, decided);
  return {
    ask(decided) {
      if (guard === undefined) return askUser(decided, now);
      login(
        asking,
        guard,
        { filter: undefined, qos: 0 },
        (refusal, now) => {
          const { path } = request;
          if (refusal !== undefined) return decided(refusal, now);
          if (guard.mayUse(hub.identity, "GET", path)) return askUser(decided, now);
          const reason = `Not allowed to use ${shownPath(request)}`;
          decided(said(notAllowed(reason, hub.identity)), now);
        },
      );
    },
    open: (now) =>
      guard === undefined
        ? acceptSocket(asking, accepting, now)
        : acceptKnown(asking, guard, accepting, now),
  };
}
