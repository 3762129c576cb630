import type { RouteInfo } from "../handler.ts";
import type { Later } from "../hooks.ts";

/**
 * One part of a web site: answers a request, or leaves it to the part that comes next by answering
 * nothing. What it throws is answered with 500.
 */
export type WebPart = (request: Request, info: RouteInfo) => Later<Response | undefined>;
