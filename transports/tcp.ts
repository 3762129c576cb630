import { bareHost, formatAddress, listenFault } from "./address.ts";
import { SocketListener, SocketStream } from "./socket.ts";
import type { ByteStream, Listener, Transport } from "./transport.ts";

/**
 * Where TCP listens: a port, and the address of an interface.
 *
 * @example Every interface, IPv4 and IPv6
 * ```ts
 * import { tcp, type TcpOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const everywhere: TcpOptions = { port: 1883, hostname: "[::]" };
 * const wrong = tcp({ ...everywhere, port: 70_000 });
 * await assert.rejects(async () => await wrong.listen(), /a port is a whole number from 0 to 65535/);
 * ```
 */
export interface TcpOptions {
  /** A port from 0 to 65,535; 0 has the system choose a free one. */
  port: number;
  /** An IP address or host; default `127.0.0.1`. `::` or `[::]` is every one, by IPv6 and IPv4. */
  hostname?: string;
}

/** Where an outgoing TCP connection goes. */
interface DialOptions extends TcpOptions {
  /** Gives up connecting when it aborts. */
  signal?: AbortSignal;
}

/** The limits of TCP. */
const defaults = {
  /** Connections that the kernel completes ahead of us: a fleet that reconnects comes all at once. */
  tcpBacklog: 4096,
};

/**
 * Accepts connections over TCP, for `Gateway.listen`. Small writes leave at once, without Nagle's
 * delay (RFC 9293 §3.7.4).
 *
 * When it cannot listen, `Listening.ready` rejects with an `Error` that names the address and the
 * cause, such as a port in use.
 *
 * @example The port that the system chose
 * ```ts
 * import { gateway, mqtt, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const { host, port } = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
 * using _client = await Deno.connect({ hostname: host, port });
 * assert.equal(host, "127.0.0.1");
 * ```
 */
export function tcp(options: TcpOptions): Transport {
  return { name: "tcp", listen: () => listen(options) };
}

/** Connects to a TCP port. */
export async function dialTcp({ port, hostname, signal }: DialOptions): Promise<ByteStream> {
  const host = bareHost(hostname ?? "127.0.0.1");
  try {
    return accepted(await Deno.connect({ port, hostname: host, signal }));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot connect to ${formatAddress(host, port)}: ${why}`, { cause });
  }
}

function listen(options: TcpOptions): Listener {
  const hostname = bareHost(options.hostname ?? "127.0.0.1");
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ port: options.port, hostname, tcpBacklog: defaults.tcpBacklog });
  } catch (error) {
    throw listenFault(formatAddress(hostname, options.port), error);
  }
  const { hostname: host, port } = listener.addr;
  return new SocketListener(listener, { address: { host, port }, accepted });
}

function accepted(socket: Deno.TcpConn): ByteStream {
  try {
    socket.setNoDelay(true);
  } catch {
    // The peer has already gone, which the first read will say.
  }
  return new SocketStream(socket);
}
