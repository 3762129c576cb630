import type {
  DatagramSession,
  DatagramWire,
  Hub,
  OpenDatagramSession,
  OpenSession,
  Session,
  Wire,
} from "../session.ts";
import { DnsDatagrams } from "./datagrams.ts";
import { defaults, type DnsLimits } from "./limits.ts";
import { DnsStream } from "./stream.ts";
import { Responder } from "./responder.ts";
import { DnsTable } from "./table.ts";
import { type DnsZone, Zones } from "./zone.ts";

/**
 * What a DNS listener answers from, besides the handlers of the gateway.
 *
 * @example A zone of two names
 * ```ts
 * import { dns, type DnsOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: DnsOptions = {
 *   zones: [{
 *     name: "home.example",
 *     records: [
 *       { name: "nas.home.example", ttl: 300, type: "A", address: "192.0.2.7" },
 *       { name: "files.home.example", ttl: 300, type: "CNAME", target: "nas.home.example" },
 *     ],
 *   }],
 * };
 * assert.equal(typeof dns(options), "function");
 * ```
 */
export interface DnsOptions {
  /** Zones that it has the authority for. They come before handlers. */
  zones?: readonly DnsZone[];
  /** Limits other than the defaults. */
  limits?: Partial<DnsLimits>;
}

/**
 * Answers DNS questions (RFC 1035, RFC 6891, RFC 7766) from zones and from `Gateway.dns`, by UDP or
 * TCP, whichever the listener has. What nobody answers is refused.
 *
 * @throws {TypeError} When a zone contradicts itself.
 * @example One answer by UDP and by TCP
 * ```ts
 * import { dns, gateway, resolver, tcp, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * hub.dns(({ type }) => type === "A" ? [{ type: "A", address: "192.0.2.7", ttl: 10 }] : []);
 * const { port } = await hub.listen(tcp({ port: 0 }), dns()).ready;
 * await hub.listen(udp({ port }), dns()).ready;
 *
 * const names = resolver({ servers: [`127.0.0.1:${port}`], hosts: false });
 * assert.deepEqual(await names.lookup("any.example"), ["192.0.2.7"]);
 * ```
 */
export function dns(options: DnsOptions = {}): OpenSession & OpenDatagramSession {
  const limits = { ...defaults, ...options.limits };
  const zones = new Zones(options.zones ?? []);
  function open(wire: Wire | DatagramWire, hub: Hub, now: number): Session | DatagramSession {
    const table = hub.shared(DnsTable);
    if ("maxBytes" in wire) {
      const responder = new Responder({ zones, table, udpBytes: wire.maxBytes });
      return new DnsDatagrams(responder, { wire, hub, limits });
    }
    return new DnsStream(new Responder({ zones, table }), { wire, hub, limits, now });
  }
  return open as OpenSession & OpenDatagramSession;
}
