import type { Observation } from "../observe/observation.ts";
import type { Remembered } from "./duplicates.ts";
import type { Transmission } from "./exchange.ts";
import type { Confirmable } from "./layer.ts";

/** The state of one peer, which exists as long as there is any. */
export class Peer {
  /**
   * Requests that must not be carried out again, by message id; and the oldest and newest of them.
   */
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
  /** Messages that wait for these. There are few: each observation and reply waits at most once. */
  waiting: Set<Confirmable> | undefined = undefined;

  constructor(
    readonly key: string,
    /** Its address as the wire has it. */
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

/** The peers for which there is state, by address. */
export class Peers {
  readonly #peers = new Map<string, Peer>();

  get size(): number {
    return this.#peers.size;
  }

  find(address: string): Peer | undefined {
    return this.#peers.get(keyOf(address));
  }

  /** The peer with an address, made if need be. The caller must give it state, or release it. */
  open(address: string): Peer {
    const key = keyOf(address);
    let peer = this.#peers.get(key);
    if (peer === undefined) this.#peers.set(key, peer = new Peer(key, address));
    peer.address = address;
    return peer;
  }

  /** Forgets a peer if it has no state any more. */
  release(peer: Peer): void {
    if (peer.idle) this.#peers.delete(peer.key);
  }
}

/** The key of an address, which is the same for `[::ffff:192.0.2.1]:5683` and `192.0.2.1:5683`. */
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
