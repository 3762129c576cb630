import type { DnsZone } from "../../../protocols/dns/zone.ts";
import type { OpenDatagramSession, OpenSession } from "../../../protocols/session.ts";
import type { DatagramTransport, Transport } from "../../../transports/transport.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { ListenSettings } from "../config/resolved.ts";

type Port = { port: number; hostname: string };

/** What a DNS listener is put together from. */
export interface DnsParts {
  tcp(options: Port): Transport;
  udp(options: Port & { groups?: readonly string[] }): DatagramTransport;
  dns(zones: readonly DnsZone[]): OpenSession & OpenDatagramSession;
}

/** Listens by UDP and by TCP on one port, and resolves with that. */
export async function listenDns(
  hub: Gateway,
  { url, limits, access }: ListenSettings,
  { parts, zones }: { parts: DnsParts; zones: readonly DnsZone[] },
): Promise<number> {
  const protocol = parts.dns(zones);
  const options = { name: url.url, limits, access };
  const { hostname } = url;
  // TCP first: a port that the system has chosen for TCP is rarely taken for UDP.
  const stream = { ...options, name: `${url.url} tcp` };
  const { port } = await hub.listen(parts.tcp(url), protocol, stream).ready;
  await hub.listen(parts.udp({ hostname, port }), protocol, options).ready;
  return port;
}
