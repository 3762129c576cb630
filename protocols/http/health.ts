import { type Exchange, respondText, shownMethod } from "./exchange.ts";
import { Handlers } from "./handlers.ts";

const PATH = "/health";

/**
 * True for a request for the gateway's health, unless the application has a handler of that path.
 */
export function isOfHealth({ request, hub }: Exchange): boolean {
  return request.path === PATH && hub.shared(Handlers).find(request) === undefined;
}

/**
 * Answers with the gateway's health, for balancers and supervisors. They have no credentials, and
 * so learn only whether everything is accepted and, if not, why.
 */
export function respondHealth(exchange: Exchange): void {
  const { request } = exchange, { method } = request, allow = "GET, HEAD";
  if (method !== "GET" && method !== "HEAD") {
    const fault = `Cannot ${shownMethod(request)} the health: it can be read`;
    return respondText(exchange, 405, fault, [["allow", allow]]);
  }
  const health = exchange.hub.health?.() ?? { status: "ok" };
  exchange.respond({
    status: health.status === "ok" ? 200 : 503,
    fields: [["content-type", "application/json"], ["cache-control", "no-store"]],
  }, `${JSON.stringify(health)}\n`);
}
