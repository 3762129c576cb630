import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "../dns/addresses.ts";
import type { Hub, Peer, Session, Wire } from "../session.ts";
import type { Answer } from "./exchange.ts";
import type { Fields, Upgrade } from "./messages/message.ts";

/** True for the address, `host:port`, of a proxy that is trusted to say who its client is. */
export type Trusts = (address: string) => boolean;

/**
 * The client as trusted proxies name it: the last address in `X-Forwarded-For` that is not a
 * trusted proxy itself. What stands before it may have been written by anybody.
 */
export function clientOf(peer: Peer, fields: Fields, trusts: Trusts | undefined): Peer {
  if (trusts === undefined || !trusts(peer.address)) return peer;
  const named = fields.get("x-forwarded-for")?.split(",") ?? [];
  let client: string | undefined;
  while (named.length > 0) {
    const address = addressOf(named.pop()!.trim());
    if (address === undefined) break;
    client = address;
    if (!trusts(client)) break;
  }
  if (client === undefined) return peer;
  const secure = fields.get("x-forwarded-proto")?.trim().toLowerCase() === "https";
  // The certificate of the connection is left out: the proxy showed it, not the client.
  return { address: client, secure };
}

/** An address as `host:port`, with port 0 where it names none; IPv4 mapped into IPv6 as IPv4. */
function addressOf(text: string): string | undefined {
  const [, inner, outer, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = inner ?? outer ?? text, number = Number(port ?? 0);
  if (number > 65_535) return undefined;
  if (inner === undefined && ipv4Bytes(host) !== undefined) return `${host}:${number}`;
  const v6 = ipv6Bytes(host);
  if (v6 === undefined) return undefined;
  const isMapped = v6.subarray(0, 10).every((byte) => byte === 0) && v6[10] === 255 &&
    v6[11] === 255;
  return isMapped ? `${ipv4Text(v6.subarray(12))}:${number}` : `[${ipv6Text(v6)}]:${number}`;
}

/** Notes the client's address, where no hook is asked who the client is. */
function identify(hub: Hub, { address }: Peer): void {
  if (hub.guard === undefined) hub.identify({ ...hub.identity, address });
}

/** An answer for clients behind trusted proxies. */
export function forwardedAnswer(answer: Answer): Answer {
  return (exchange, now) => {
    identify(exchange.hub, exchange.peer);
    answer(exchange, now);
  };
}

/** An upgrade for clients behind trusted proxies. */
export function forwardedUpgrade(upgrade: Upgrade, trusts: Trusts): Upgrade {
  return (request, wire, hub, now) => {
    const peer = clientOf(wire.peer, request.fields, trusts);
    identify(hub, peer);
    return upgrade(request, peer === wire.peer ? wire : new ForwardedWire(wire, peer), hub, now);
  };
}

/** A proxy's wire, with the client behind it as the peer. */
class ForwardedWire implements Wire {
  readonly #wire: Wire;

  constructor(wire: Wire, readonly peer: Peer) {
    this.#wire = wire;
  }

  get full(): boolean {
    return this.#wire.full;
  }

  get queuedBytes(): number | undefined {
    return this.#wire.queuedBytes;
  }

  get paused(): boolean {
    return this.#wire.paused;
  }

  send(bytes: Uint8Array): boolean {
    return this.#wire.send(bytes);
  }

  pause(): void {
    this.#wire.pause();
  }

  resume(): void {
    this.#wire.resume();
  }

  close(): void {
    this.#wire.close();
  }

  upgrade(next: Session): void {
    this.#wire.upgrade(next);
  }
}
