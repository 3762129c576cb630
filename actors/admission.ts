/**
 * What a listener lets in. Whoever comes beyond it is hung up on and counted in the tree.
 *
 * @example Many in all, few from one address
 * ```ts
 * import { type AdmissionLimits, gateway, mqtt, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const limits: AdmissionLimits = { maxConnections: 10_000, maxConnectionsPerAddress: 1 };
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
}

/** 100,000 in all, and from one address as many: behind a proxy all clients share one. */
export const admissionDefaults: AdmissionLimits = {
  maxConnections: 100_000,
  maxConnectionsPerAddress: 100_000,
};

/** Who is inside. Outlives the listener that asks it, as the connections do. */
export class Admission {
  connections = 0;
  admitted = 0;
  refused = 0;
  readonly #perAddress = new Map<string, number>();

  constructor(readonly limits: AdmissionLimits) {}

  /** True when there is room for one more from `peer`; call `leave` when it goes. */
  enter(peer: string): boolean {
    const host = hostOf(peer);
    const fromHost = this.#perAddress.get(host) ?? 0;
    const { maxConnections, maxConnectionsPerAddress } = this.limits;
    if (this.connections >= maxConnections || fromHost >= maxConnectionsPerAddress) {
      this.refused++;
      return false;
    }
    this.admitted++;
    this.connections++;
    this.#perAddress.set(host, fromHost + 1);
    return true;
  }

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
