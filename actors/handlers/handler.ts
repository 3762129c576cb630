import type { Identity } from "../../protocols/identity.ts";

/**
 * Where a request comes from: the shape of `Deno.Addr`. `hostname` is an IP address without
 * brackets, `path` that of a Unix socket; CoAP comes by `udp`.
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
 * What a handler is told beside the request.
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
  /** The other end of the connection: a proxy's, if there is one. */
  remoteAddr: RemoteAddress;
  /** Who asks, as far as an `authenticate` hook has found that out. */
  identity: Identity;
}

/**
 * What the handler of a path is told beside the request.
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
  /** What the named groups of the path's `URLPattern` stand for, decoded. */
  params: Readonly<Record<string, string>>;
}

/**
 * Answers a standard `Request` with a standard `Response` (Fetch), at once or later. What it throws
 * is a crash of its own actor and 500 for the client (RFC 9110 §15.6.1).
 *
 * The request's `signal` aborts when the client has gone, or sends no more.
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
