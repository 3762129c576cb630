import type { Target } from "../../protocols/mqtt/url.ts";
import { dialTcp } from "../../transports/tcp.ts";
import { dialTls, type DialTlsOptions } from "../../transports/tls/dial_tls.ts";
import type { ByteStream } from "../../transports/transport.ts";
import { addressesOf, hasResolver } from "./names.ts";
import { openWebSocket } from "./websocket_stream.ts";

/** Whom to trust and who we are, when the URL asks for TLS. */
export type ClientTls = Omit<DialTlsOptions, "host" | "handshakeTimeoutMs">;

/** Makes one stream to a server. */
export type Dial = (signal: AbortSignal) => Promise<ByteStream>;

/** Connects by TCP. */
export async function connect(
  { hostname, port, signal }: { hostname: string; port: number; signal?: AbortSignal },
): Promise<ByteStream> {
  if (!hasResolver()) return await dialTcp({ hostname, port, signal });
  let failed: unknown;
  for (const address of await addressesOf(hostname)) {
    signal?.throwIfAborted();
    try {
      return await dialTcp({ hostname: address, port, signal });
    } catch (error) {
      failed = error;
    }
  }
  throw failed;
}

/** Connects to an MQTT server by TCP, TLS or WebSocket, as its URL says. */
export async function dial(
  target: Target,
  { tls, signal }: { tls?: ClientTls; signal?: AbortSignal } = {},
): Promise<ByteStream> {
  const { hostname, port, host, path } = target;
  let stream = await connect({ hostname, port, signal });
  // Closing the stream ends the handshakes below, whichever is under way.
  const giveUp = () => stream.close();
  signal?.addEventListener("abort", giveUp);
  try {
    if (target.tls) stream = await dialTls(stream, { ...tls, host: hostname });
    if (target.websocket) stream = await openWebSocket(stream, { host, path });
    return stream;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}
