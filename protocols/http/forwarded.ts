import type { Peer, Session, Wire } from "../session.ts";
import type { Fields, Upgrade } from "./message.ts";

/** Whether this peer, `host:port`, is a proxy that says who its client is. */
export type Trusts = (address: string) => boolean;

/**
 * The client as trusted proxies name it: the last address in `X-Forwarded-For` that is no proxy of
 * ours. What stands before that anybody may have written.
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
  // A certificate was shown to the proxy's own connection, by the proxy.
  return { address: client, secure };
}

/** `host:port`, with port 0 where none is known. */
function addressOf(text: string): string | undefined {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return `${text}:0`;
  if (/^\d{1,3}(?:\.\d{1,3}){3}:\d{1,5}$/.test(text)) return text;
  const [, v6, port = "0"] = /^\[?([\da-fA-F:.]*:[\da-fA-F:.]+?)(?:\]:(\d{1,5})|\]?)$/.exec(text) ??
    [];
  return v6 === undefined ? undefined : `[${v6}]:${port}`;
}

/** Has an upgrade see the client that trusted proxies name. */
export function forwardedUpgrade(upgrade: Upgrade, trusts: Trusts): Upgrade {
  return (request, wire, hub, now) => {
    const peer = clientOf(wire.peer, request.fields, trusts);
    return upgrade(request, peer === wire.peer ? wire : new ForwardedWire(wire, peer), hub, now);
  };
}

/** A wire whose other end is a proxy's client. */
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
