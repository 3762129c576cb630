import type { BehindProxyOptions } from "../../../transports/behind_proxy.ts";
import type { SecureOptions, SecureTransport } from "../../../transports/tls/secure.ts";
import type { Transport } from "../../../transports/transport.ts";
import { AccessList } from "../../connections/access_list.ts";
import type { Log } from "../../log.ts";
import type { ListenSettings } from "../config/resolved.ts";
import { watchFiles } from "../deno_host.ts";
import { keepRenewed, readIdentity, warnOfAge } from "./certificates.ts";

type Port = { port: number; hostname: string };

/**
 * What clients may ask for by ALPN. CoAP must have it (RFC 8323 §8.2), and so must the others on a
 * port that they share with CoAP.
 */
const applicationProtocols: Record<string, readonly string[] | undefined> = {
  coap: ["coap"],
  any: ["http/1.1", "mqtt", "coap"],
};

/** The transports that a listener may use. */
export interface TransportParts {
  tcp(options: Port): Transport;
  tls(options: Port & SecureOptions & { over: Transport }): SecureTransport;
  eitherTls(transport: Transport, options: SecureOptions): SecureTransport;
  behindProxy(transport: Transport, options: BehindProxyOptions): Transport;
  unix(options: { path: string }): Transport;
}

/** What is around while a transport is put together. */
interface TransportSurroundings {
  parts: TransportParts;
  log: Log;
  readFile(path: string): Promise<string>;
  readBytes(path: string): Promise<Uint8Array>;
  /** What is called when the gateway ends. */
  ending: (() => void)[];
}

/** Puts the transport of a listener together. */
export async function transportOf(
  { url, tls, proxyProtocol }: ListenSettings,
  { parts, readFile, readBytes, log, ending }: TransportSurroundings,
): Promise<Transport> {
  const listener = url.url;
  if (url.path !== undefined) return parts.unix({ path: url.path });
  let transport = parts.tcp(url);
  if (proxyProtocol !== undefined) {
    // The peer's fault: where our source noticed it helps nobody.
    const refused = ({ message: error }: Error) => log.info("proxy refused", { listener, error });
    transport = parts.behindProxy(transport, { trusts: trusts(proxyProtocol), refused });
  }
  if (tls === undefined) return transport;
  const files = { readFile, readBytes }, present = await readIdentity(tls, files);
  warnOfAge(present, log);
  const { clientCertificates, minVersion } = tls;
  const refused = ({ message: error }: Error) =>
    log.info("tls handshake refused", { listener, error });
  const { port, hostname, protocol } = url;
  const options: SecureOptions = {
    ...present,
    clientCertificates,
    minVersion,
    refused,
    applicationProtocols: applicationProtocols[protocol],
  };
  const secured = protocol === "any"
    ? parts.eitherTls(transport, options)
    : parts.tls({ ...options, port, hostname, over: transport });
  ending.push(keepRenewed(secured, tls, { ...files, watch: watchFiles, log, listener, present }));
  return secured;
}

/** Whether a peer is one of those in an access list. */
export function trusts(list: string): (peer: string) => boolean {
  const listed = new AccessList(list);
  return (peer) => listed.allows(peer);
}
