import { PrefixedStream } from "./prefixed_stream.ts";
import { readProxyHeader } from "./proxy_header.ts";
import { ShakingListener } from "./shaking_listener.ts";
import type { ByteStream, Transport } from "./transport.ts";

/**
 * Which peers are proxies.
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
  /** Whether this peer, `host:port`, is a proxy that says who its client is. Others are clients. */
  trusts: (peer: string) => boolean;
  /** Told of each stream that was hung up on: whose, and why. */
  refused?: (error: Error) => void;
  /** Milliseconds until the header must be there; default 5,000. */
  headerTimeoutMs?: number;
}

/** The limits of streams that begin with a header. */
export const defaults = {
  /** Headers that are waited for at the same time; further streams wait in the kernel. */
  headers: 512,
  /** 5 s: a proxy sends it in its first packet. */
  headerTimeoutMs: 5_000,
};

/**
 * Believes what trusted proxies say of their clients: streams from them begin with a header of the
 * PROXY protocol, version 1 or 2, and have the client's address from then on. One without it is hung
 * up on. Under `tls()` and `eitherTls()` the header comes before TLS.
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
        // A proxy may come as often as it has clients: those are asked about instead.
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
  // A read cannot be raced with a timer: closing ends it.
  const timer = setTimeout(() => stream.close(), headerTimeoutMs);
  try {
    let bytes = new Uint8Array(0);
    for (;;) {
      const into = new Uint8Array(512), count = await stream.read(into);
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
