import type { Identity } from "../../protocols/identity.ts";

/**
 * Where a request comes from, in the shape of `Deno.Addr`: an IP address without brackets and a
 * port, or the path of a Unix socket. Requests of CoAP over UDP come by `udp`.
 *
 * @example In words
 * ```ts
 * import type { RemoteAddress } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function inWords(from: RemoteAddress): string {
 *   return from.transport === "unix" ? from.path : `${from.hostname}, port ${from.port}`;
 * }
 *
 * assert.equal(inWords({ transport: "tcp", hostname: "::1", port: 50112 }), "::1, port 50112");
 * ```
 */
export type RemoteAddress =
  | { transport: "tcp" | "udp"; hostname: string; port: number }
  | { transport: "unix"; path: string };

/**
 * What every handler is told beside the request: where it comes from, and who asks.
 *
 * @example Telling clients where they come from
 * ```ts
 * import { gateway, type HandlerInfo, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * hub.handle("/me", (_request, { remoteAddr }: HandlerInfo) => Response.json(remoteAddr));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const me = await (await fetch(`http://127.0.0.1:${port}/me`)).json();
 * assert.equal(me.hostname, "127.0.0.1");
 * ```
 */
export interface HandlerInfo {
  /** The other end of the connection, which is a proxy's if there is one in between. */
  remoteAddr: RemoteAddress;
  /** Who asks, as far as an `authenticate` hook knows. */
  identity: Identity;
}

/**
 * What a handler of `Gateway.handle` is told beside the request.
 *
 * @example One resource of many
 * ```ts
 * import { gateway, http, type RouteInfo, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function room(_request: Request, { params }: RouteInfo): Response {
 *   return new Response(`room ${params.room}`);
 * }
 *
 * await using hub = gateway();
 * hub.handle(new URLPattern({ pathname: "/rooms/:room" }), room);
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * assert.equal(await (await fetch(`http://127.0.0.1:${port}/rooms/7`)).text(), "room 7");
 * ```
 */
export interface RouteInfo extends HandlerInfo {
  /** The values of the named groups of the path's `URLPattern`, decoded; empty for a plain path. */
  params: Readonly<Record<string, string>>;
}

/**
 * Answers a standard `Request` with a standard `Response` (Fetch), at once or later. A handler that
 * throws crashes its own actor, and the client gets 500.
 *
 * The request's `signal` aborts when the client has gone, or has ended its side of the connection.
 *
 * @example An answer to each method
 * ```ts
 * import { gateway, type Handler, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const upper: Handler = async (request) =>
 *   request.method === "POST"
 *     ? new Response((await request.text()).toUpperCase())
 *     : new Response("POST some text\n", { status: 405, headers: { allow: "POST" } });
 *
 * await using hub = gateway();
 * hub.handle("/upper", upper);
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const answer = await fetch(`http://127.0.0.1:${port}/upper`, { method: "POST", body: "hi" });
 * assert.equal(await answer.text(), "HI");
 * ```
 */
export type Handler = (request: Request, info: RouteInfo) => Response | Promise<Response>;

/** The address as handlers see it. */
export function remoteAddress(address: string, transport: "tcp" | "udp" = "tcp"): RemoteAddress {
  const found = /^\[?(.*?)\]?:(\d+)$/.exec(address);
  if (found === null) return { transport: "unix", path: address };
  return { transport, hostname: found[1]!, port: Number(found[2]) };
}
