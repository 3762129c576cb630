import type { HttpLimits } from "./limits.ts";
import type { Upgrade } from "./messages/message.ts";

/**
 * How HTTP is spoken on a listener.
 *
 * @example Small bodies, and no WebSockets
 * ```ts
 * import { gateway, http, type HttpOptions, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: HttpOptions = { limits: { bodyBytes: 1_024 }, upgrade: undefined };
 * await using hub = gateway();
 * const { port } = await hub.listen(tcp({ port: 0 }), http(options)).ready;
 * const request = { method: "PUT", body: "x".repeat(1_025) };
 * assert.equal((await fetch(`http://127.0.0.1:${port}/topics/a`, request)).status, 413);
 * ```
 */
export interface HttpOptions {
  /** Limits other than the defaults. */
  limits?: Partial<HttpLimits>;
  /** Answers requests for another protocol; default: `websocket({ mqtt: mqtt() })`. */
  upgrade?: Upgrade;
  /**
   * Origins of web pages that may use topics, and change something by handlers, besides those of
   * this host and of the loopback, such as `https://app.example`; `*` for all (RFC 6454 §6.2).
   * Default: none.
   */
  origins?: readonly string[] | undefined;
  /**
   * True for the address, `host:port`, of a proxy whose `X-Forwarded-For` and `X-Forwarded-Proto`
   * are believed. Default: none is.
   */
  trusts?: ((address: string) => boolean) | undefined;
}
