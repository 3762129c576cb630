import { PrefixedStream } from "./prefixed_stream.ts";
import { readProxyHeader } from "./proxy_header.ts";
import { ShakingListener } from "./tls/shaking_listener.ts";
import type { ByteStream, Transport } from "./transport.ts";

/**
 * Which peers are believed to be proxies, and how long their header may take.
 *
 * @example Those of one subnet
 * ```ts
 * import { behindProxy, type BehindProxyOptions, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: BehindProxyOptions = { trusts: (peer) => peer.startsWith("10.0.0.") };
 * assert.equal(behindProxy(tcp({ port: 1883 }), options).name, "tcp behind a proxy");
 * ```
 */
export interface BehindProxyOptions {
  /** Says whether a peer, `host:port`, is a proxy, whose streams begin with a header. */
  trusts: (peer: string) => boolean;
  /**
   * Called for each stream that is closed for its header, with an error that says whose and why.
   */
  refused?: (error: Error) => void;
  /** Milliseconds until the whole header must be there; default 5,000. */
  headerTimeoutMs?: number;
}

/** The limits of streams that begin with a header. */
const defaults = {
  /** Headers that are waited for at the same time; further streams wait in the kernel. */
  headers: 512,
  /** 5 s: a proxy sends it in its first packet. */
  headerTimeoutMs: 5_000,
};

/** A header of version 1 fits into this, one of version 2 mostly does. */
const READ_BYTES = 512;

/**
 * Accepts streams from proxies that pass on who their clients are. A stream from a trusted proxy
 * begins with a header of the PROXY protocol, version 1 or 2, and has the client's address from
 * then on; without one it is closed. As the transport below `tls()` or `eitherTls()` it takes
 * headers that come before TLS.
 *
 * @example The client's own address
 * ```ts
 * import { behindProxy, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * hub.handle("/me", (_request, { identity }) => new Response(identity.address));
 * const transport = behindProxy(tcp({ port: 0 }), { trusts: () => true });
 * const { port } = await hub.listen(transport, http()).ready;
 * using proxy = await Deno.connect({ port });
 * const request = "GET /me HTTP/1.0\r\n\r\n";
 * const header = "PROXY TCP4 192.0.2.7 127.0.0.1 50112 80\r\n";
 * await proxy.write(new TextEncoder().encode(header + request));
 * assert.match(await new Response(proxy.readable).text(), /192\.0\.2\.7:50112$/);
 * ```
 */
export function behindProxy(transport: Transport, options: BehindProxyOptions): Transport {
  const { trusts, refused = () => {}, headerTimeoutMs = defaults.headerTimeoutMs } = options;
  return {
    name: `${transport.name} behind a proxy`,
    async listen(admits = () => true) {
      return new ShakingListener(await transport.listen(), {
        atOnce: defaults.headers,
        // Limits per address count the clients of a proxy, not the proxy.
        admits: (peer) => trusts(peer) || admits(peer),
        async shake(stream) {
          if (!trusts(stream.peer)) return stream;
          try {
            return await unwrap(stream, { admits, headerTimeoutMs });
          } catch (error) {
            stream.close();
            refused(error as Error);
            throw error;
          }
        },
      });
    },
  };
}

async function unwrap(
  stream: ByteStream,
  { admits, headerTimeoutMs }: { admits: (peer: string) => boolean; headerTimeoutMs: number },
): Promise<ByteStream> {
  // Only closing the stream ends a read.
  const timer = setTimeout(() => stream.close(), headerTimeoutMs);
  try {
    let bytes = new Uint8Array(0);
    for (;;) {
      const into = new Uint8Array(READ_BYTES), count = await stream.read(into);
      if (count === null) throw new Error(`Cannot serve ${stream.peer}: it sent no PROXY header`);
      const more = new Uint8Array(bytes.length + count);
      more.set(bytes);
      more.set(into.subarray(0, count), bytes.length);
      bytes = more;
      const header = readProxyHeader(bytes);
      if (header === undefined) continue;
      const { length, client = stream.peer } = header;
      if (!admits(client)) throw new Error(`Cannot serve ${client}: it is not admitted`);
      return new PrefixedStream(stream, bytes.subarray(length), client);
    }
  } finally {
    clearTimeout(timer);
  }
}
