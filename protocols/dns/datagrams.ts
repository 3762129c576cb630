import type { DatagramSession, DatagramWire, Hub } from "../session.ts";
import type { DnsLimits } from "./limits.ts";
import type { Responder } from "./responder.ts";

/** The surroundings of a DNS session. */
export interface Surroundings<W> {
  wire: W;
  hub: Hub;
  limits: DnsLimits;
}

/** DNS over UDP: each datagram is a query. */
export class DnsDatagrams implements DatagramSession {
  readonly label = "dns";
  readonly deadline = Infinity;
  readonly #responder: Responder;
  readonly #around: Surroundings<DatagramWire>;
  #pending = 0;

  constructor(responder: Responder, around: Surroundings<DatagramWire>) {
    this.#responder = responder;
    this.#around = around;
  }

  receive(bytes: Uint8Array, from: string): void {
    const { wire, hub, limits } = this.#around;
    const known = this.#responder.known(bytes);
    if (known !== undefined) {
      wire.send(known, from);
      return;
    }
    if (this.#pending >= limits.maxPendingOfSocket) return hub.count("dns.dropped");
    this.#pending++;
    const reply = (answer: Uint8Array) => {
      this.#pending--;
      wire.send(answer, from);
    };
    if (!this.#responder.respond(bytes, from, reply)) this.#pending--;
  }

  tick(): void {}
  shutdown(): void {}
  ended(): void {}
}
