import type { RouteInfo } from "../handler.ts";
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
