import { type Exchange, respondText } from "./exchange.ts";
import { isOfTopics } from "./handlers.ts";
import type { RequestHead } from "./messages/message.ts";
import {
  faultOfHost,
  faultOfOrigin,
  isPreflight,
  isReading,
  preflightFields,
  sharing,
  showsLogin,
} from "./origin.ts";

/** Which web pages may use a path, beside those of the listener. */
export interface PathPages {
  /** Origins of pages that may change something by it; `*` is all. */
  readonly origins: readonly string[];
  /** The same for requests without anything that browsers send of themselves. */
  readonly strangers: readonly string[];
  /** True when the path answers preflights itself; in those browsers show no login (Fetch §3.2). */
  readonly answersPreflights?: boolean;
}

/** True for the question of a browser that a path answers itself, whoever asks. */
export function isOwnPreflight(request: RequestHead, pages?: PathPages | "listener"): boolean {
  return typeof pages === "object" && pages.answersPreflights === true && isPreflight(request);
}

/** True when a request has been answered because of the page that it comes from. */
export function isSettled(
  exchange: Exchange,
  allowed: readonly string[],
  pages?: PathPages | "listener",
): boolean {
  const { request: { path } } = exchange;
  if (pages === "listener" || isOfTopics(path) || path === "/.well-known/core") {
    return isSettledForTopics(exchange, allowed);
  }
  return pages !== undefined && isRefused(exchange, allowed, pages);
}

/** The gateway's own paths: pages that may use them may also read what they answer. */
function isSettledForTopics(exchange: Exchange, allowed: readonly string[]): boolean {
  const { request, peer: { address } } = exchange, { fields, method } = request;
  const rules = { address, allowed };
  const host = faultOfHost(fields, rules);
  if (host !== undefined) {
    respondText(exchange, 403, host);
    return true;
  }
  const origin = fields.get("origin"), fault = faultOfOrigin(fields, rules);
  if (fault !== undefined) {
    // Nobody but the page learns of what it reads, and its browser does not show it that.
    if (method === "GET" || method === "HEAD") return false;
    respondText(exchange, 403, fault);
    return true;
  }
  if (origin === undefined) return false;
  exchange.share(sharing(origin));
  if (!isPreflight(request)) return false;
  exchange.respond({ status: 204, fields: preflightFields });
  return true;
}

/** The paths of an application, which says itself who may read its answers (CORS). */
function isRefused(
  exchange: Exchange,
  allowed: readonly string[],
  { origins, strangers }: PathPages,
): boolean {
  const { request: { fields, method }, peer: { address, certificate } } = exchange;
  if (isReading(method)) return false;
  const own = showsLogin(fields, certificate) ? origins : [...origins, ...strangers];
  const fault = faultOfOrigin(fields, { address, allowed: [...allowed, ...own] });
  if (fault !== undefined) respondText(exchange, 403, fault);
  return fault !== undefined;
}
