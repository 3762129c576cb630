import type { RouteInfo } from "../handlers/handler.ts";
import type { Later } from "../hooks/hooks.ts";

/**
 * One part of a web site: it answers a request, or leaves it to the next part by returning
 * undefined. When it throws, the client gets 500.
 *
 * @example A part that answers one path, before another
 * ```ts
 * import { gateway, http, tcp, type WebPart } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const teapot: WebPart = (request) =>
 *   new URL(request.url).pathname === "/tea" ? new Response("short and stout") : undefined;
 * const rest = () => new Response("coffee");
 *
 * await using hub = gateway();
 * hub.handle("/*", async (request, info) => await teapot(request, info) ?? rest());
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * assert.equal(await (await fetch(`http://127.0.0.1:${port}/tea`)).text(), "short and stout");
 * assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "coffee");
 * ```
 */
export type WebPart = (request: Request, info: RouteInfo) => Later<Response | undefined>;

/**
 * A part for the files of one root, such as `cgi` and `ssi` return. `prefix` is the beginning of
 * request paths that is no part of the file's path; default: that of its options.
 *
 * @example The same pages below two paths
 * ```ts
 * import { gateway, http, type RootPart, ssi, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const root = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${root}/now.shtml`, "<!--#call topic clock -->");
 * await using hub = gateway();
 * hub.publish("clock", "12:00", { retain: true });
 * const pages: RootPart = ssi({ hub, root });
 * for (const prefix of ["/en", "/de"]) {
 *   hub.handle(`${prefix}/*`, async (request, info) => (await pages(request, info, prefix))!);
 * }
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * assert.equal(await (await fetch(`http://127.0.0.1:${port}/de/now.shtml`)).text(), "12:00");
 * ```
 */
export type RootPart = (
  request: Request,
  info: RouteInfo,
  prefix?: string,
) => Promise<Response | undefined>;
