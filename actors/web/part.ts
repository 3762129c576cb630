import type { RouteInfo } from "../handlers/handler.ts";
import type { Later } from "../hooks.ts";

/**
 * One part of a web site: answers a request, or leaves it to the part that comes next by answering
 * nothing. What it throws is answered with 500.
 *
 * @example A part that answers one path
 * ```ts
 * import type { WebPart } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const teapot: WebPart = (request) =>
 *   new URL(request.url).pathname === "/tea" ? new Response("short and stout") : undefined;
 * assert.equal(typeof teapot, "function");
 * ```
 */
export type WebPart = (request: Request, info: RouteInfo) => Later<Response | undefined>;

/**
 * A part for the files of one root. Its paths begin with `prefix`, which is no part of the file's
 * path; default: what its options say.
 *
 * @example Scripts before files
 * ```ts
 * import { cgi, gateway, type RootPart } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const scripts: RootPart = cgi({ hub, root: "public", pattern: "/cgi-bin/" });
 * assert.equal(typeof scripts, "function");
 * ```
 */
export type RootPart = (
  request: Request,
  info: RouteInfo,
  prefix?: string,
) => Promise<Response | undefined>;
