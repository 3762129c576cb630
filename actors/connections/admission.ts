import type { Clock } from "../clock.ts";
import type { AccessList } from "./access_list.ts";

/**
 * How many connections a listener lets in. One beyond a limit is closed at once, and counted as
 * `refused` of the listener in `Gateway.tree`.
 *
 * @example Many in all, few from one address
 * ```ts
 * import { type AdmissionLimits, gateway, mqtt, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const limits: Partial<AdmissionLimits> = { maxConnections: 10_000, maxConnectionsPerAddress: 1 };
 * await using hub = gateway();
 * const { port } = await hub.listen(tcp({ port: 0 }), mqtt(), { limits }).ready;
 * using _first = await Deno.connect({ port });
 * using second = await Deno.connect({ port });
 * assert.equal(await second.read(new Uint8Array(1)), null);
 * ```
 */
export interface AdmissionLimits {
  /** Connections at once through this listener; default 100,000. */
  maxConnections: number;
  /** Connections at once from one address; default 100,000. */
  maxConnectionsPerAddress: number;
  /** New connections a second from one address; default 100,000. */
  maxConnectionsPerSecond: number;
}

/** 100,000 in all, and as many from one address: behind a proxy all clients share one. */
export const admissionDefaults: AdmissionLimits = {
  maxConnections: 100_000,
  maxConnectionsPerAddress: 100_000,
  maxConnectionsPerSecond: 100_000,
};

/** Counts the connections of one listener. Outlives the listener's crashes, as they do. */
export class Admission {
  connections = 0;
  admitted = 0;
  refused = 0;
  readonly #perAddress = new Map<string, number>();
  /** How often each host came within the present second; empty while there is no such limit. */
  readonly #lately = new Map<string, number>();
  #second = 0;

  constructor(
    readonly limits: AdmissionLimits,
    readonly clock: Pick<Clock, "now">,
    readonly access?: AccessList,
  ) {}

  /** Whether `peer` may come now, asked before anything is done for it. */
  readonly admits = (peer: string): boolean => {
    const host = hostOf(peer);
    if (this.access?.allows(peer) !== false && this.#isInTime(host) && this.#hasRoom(host)) {
      return true;
    }
    this.refused++;
    return false;
  };

  /** True when there is room for one more from `peer`; call `leave` when it goes. */
  enter(peer: string): boolean {
    const host = hostOf(peer);
    if (!this.#hasRoom(host)) {
      this.refused++;
      return false;
    }
    this.admitted++;
    this.connections++;
    this.#perAddress.set(host, (this.#perAddress.get(host) ?? 0) + 1);
    return true;
  }

  #hasRoom(host: string): boolean {
    const { maxConnections, maxConnectionsPerAddress } = this.limits;
    return this.connections < maxConnections &&
      (this.#perAddress.get(host) ?? 0) < maxConnectionsPerAddress;
  }

  /** Counts one more arrival of `host`; false when it has had its number in this second. */
  #isInTime(host: string): boolean {
    const { maxConnectionsPerSecond: most } = this.limits;
    // Nobody comes as often as the default allows: counting would cost and decide nothing.
    if (most >= admissionDefaults.maxConnectionsPerSecond) return true;
    const second = Math.floor(this.clock.now() / 1000);
    if (second !== this.#second) this.#lately.clear();
    this.#second = second;
    const count = this.#lately.get(host) ?? 0;
    this.#lately.set(host, count + 1);
    return count < most;
  }

  /** One that `enter` let in has gone. */
  leave(peer: string): void {
    const host = hostOf(peer);
    const left = (this.#perAddress.get(host) ?? 1) - 1;
    this.connections--;
    if (left === 0) this.#perAddress.delete(host);
    else this.#perAddress.set(host, left);
  }
}

function hostOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(":"));
}
