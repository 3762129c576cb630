import type { Remembered } from "./duplicates.ts";
import type { Transmission } from "./exchange.ts";
import type { Confirmable } from "./layer.ts";
import type { Observation } from "./observation.ts";

/** What we hold for one peer. It lives as long as it holds something. */
export class Peer {
  /** Requests by message id, and the first and last of them. */
  readonly remembered = new Map<number, Remembered>();
  oldest: Remembered | undefined = undefined;
  newest: Remembered | undefined = undefined;
  rememberedBytes = 0;
  /** Observations by token. */
  observations: Map<string, Observation> | undefined = undefined;
  /** Requests that wait for a reply. */
  replies = 0;
  /** Requests that handlers have under way. */
  handled = 0;
  /** Our confirmable messages on their way (RFC 7252 §4.7, NSTART). */
  transmissions: Set<Transmission> | undefined = undefined;
  /** What waits for these. Bounded, because only observations and replies wait, once each. */
  waiting: Set<Confirmable> | undefined = undefined;

  constructor(
    readonly key: string,
    /** The address that the wire knows it by. */
    public address: string,
  ) {}

  /** True while a request of this peer is being carried out. */
  busy = false;

  get idle(): boolean {
    return !this.busy && this.remembered.size === 0 && this.observations === undefined &&
      this.replies === 0 && this.handled === 0 &&
      this.transmissions === undefined && this.waiting === undefined;
  }
}

/** The peers for which something is held, by address. */
export class Peers {
  readonly #peers = new Map<string, Peer>();

  get size(): number {
    return this.#peers.size;
  }

  find(address: string): Peer | undefined {
    return this.#peers.get(keyOf(address));
  }

  /** The peer of an address. Whoever calls this gives it something to hold, or releases it. */
  open(address: string): Peer {
    const key = keyOf(address);
    let peer = this.#peers.get(key);
    if (peer === undefined) this.#peers.set(key, peer = new Peer(key, address));
    peer.address = address;
    return peer;
  }

  /** Forgets a peer that holds nothing any more. */
  release(peer: Peer): void {
    if (peer.idle) this.#peers.delete(peer.key);
  }
}

/** `[::ffff:192.0.2.1]:5683`, or `[::ffff:c000:201]:5683`, is `192.0.2.1:5683`. */
export function keyOf(address: string): string {
  if (address.charCodeAt(0) !== 0x5b || !address.toLowerCase().startsWith("[::ffff:")) {
    return address;
  }
  const end = address.indexOf("]"), host = address.slice(8, end), rest = address.slice(end + 1);
  if (host.includes(".")) return host + rest;
  const [, high, low] = /^([\da-f]{1,4}):([\da-f]{1,4})$/i.exec(host) ?? [];
  if (high === undefined || low === undefined) return address;
  const bits = [high, low].map((each) => parseInt(each, 16));
  return bits.map((each) => `${each >> 8}.${each & 255}`).join(".") + rest;
}
