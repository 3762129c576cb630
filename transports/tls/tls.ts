import { tcp, type TcpOptions } from "../tcp.ts";
import type { Transport } from "../transport.ts";
import { SecureKeeper, type SecureOptions, type SecureTransport } from "./secure.ts";
import { ShakingListener } from "./shaking_listener.ts";

/**
 * Where TLS listens, with which certificates, and which clients it lets in.
 *
 * @example Certificate and key from files
 * ```ts
 * import { tls, type TlsOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * async function fromFiles(folder: string): Promise<TlsOptions> {
 *   const cert = await Deno.readTextFile(`${folder}/cert.pem`);
 *   const key = await Deno.readTextFile(`${folder}/key.pem`);
 *   return { port: 8883, cert, key };
 * }
 *
 * await assert.rejects(fromFiles("/nowhere").then(tls), Deno.errors.NotFound);
 * ```
 */
export interface TlsOptions extends TcpOptions, SecureOptions {
  /** The transport below TLS, in place of TCP at `port` and `hostname`. */
  over?: Transport;
}

/** The limits of a TLS listener. */
const defaults = {
  /** Handshakes at the same time, about 50 KiB each; further clients wait in the kernel. */
  handshakes: 512,
  /** 5 s: half of what a handshake may take; then those that wait for room come first. */
  patienceMs: 5_000,
};

/**
 * Accepts connections over TLS 1.2 and 1.3 (RFC 5246, RFC 8446), on top of TCP, for
 * `Gateway.listen`. A client whose handshake fails is closed, and the protocol never sees it.
 *
 * `Listening.ready` rejects with an `Error` as for `tcp`, and when the certificate or the key
 * cannot be used.
 *
 * @example The texts are wanted, not the names of their files
 * ```ts
 * import { tls } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const transport = tls({ port: 0, cert: "cert.pem", key: "key.pem" });
 * await assert.rejects(async () => await transport.listen(), /"cert.pem": PEM text .* is needed/);
 * ```
 */
export function tls(options: TlsOptions): SecureTransport {
  const keeper = new SecureKeeper(options);
  return {
    name: "tls",
    renew: keeper.renew,
    async listen(admits) {
      const context = keeper.open();
      const { over = tcp(options) } = options;
      return new ShakingListener(await over.listen(admits), {
        shake: (stream) => context.secure(stream),
        atOnce: defaults.handshakes,
        patienceMs: defaults.patienceMs,
        admits,
      });
    },
  };
}
