import { type Answer, type Exchange, respondText } from "./exchange.ts";
import type { PathAnswer } from "./handlers.ts";
import type { HttpLimits } from "./limits.ts";
import type { Found } from "./routes.ts";
import { topics } from "./topics.ts";

/** Answers a request, by its handler where there is one. */
export type SiteAnswer = (
  exchange: Exchange,
  now: number,
  handler: Found<PathAnswer> | undefined,
) => void;

/**
 * Answers all requests: by a handler, as `/topics`, by `fallback`; without that with a page that
 * says what this is, or 404.
 */
export function site(limits: HttpLimits, fallback?: Answer): SiteAnswer {
  const answerTopics = topics(limits);
  return (exchange, now, handler) => {
    const { path, method, fields } = exchange.request;
    const expected = fields.get("expect");
    if (expected !== undefined && expected.toLowerCase() !== "100-continue") {
      return respondText(
        exchange,
        417,
        'Cannot meet the expectation: only "100-continue" is known',
      );
    }
    if (handler !== undefined) {
      const { guard, identity } = exchange.hub;
      if (guard?.mayUse(identity, method, path) === false) {
        return respondText(exchange, 403, `Not allowed to use ${path.slice(0, 200)}`);
      }
      return handler.value(exchange, now, handler.params);
    }
    if (isOfTopics(path) || path === "/.well-known/core") {
      return answerTopics(exchange, now);
    }
    if (path === "*") return exchange.respond({ status: 204, fields: ALLOW });
    if (fallback !== undefined) return fallback(exchange, now);
    if (path === "/" && method === "OPTIONS") {
      return exchange.respond({ status: 204, fields: ALLOW });
    }
    if (path !== "/") return respondText(exchange, 404, `Cannot find ${path.slice(0, 200)}`);
    if (method === "GET" || method === "HEAD") return respondText(exchange, 200, PAGE);
    respondText(exchange, 405, `Cannot ${method.slice(0, 20)} this page: it can be read`, ALLOW);
  };
}

function isOfTopics(path: string): boolean {
  return path.startsWith("/topics") && (path.length === 7 || path.charCodeAt(7) === 47);
}

const ALLOW = [["allow", "GET, HEAD, OPTIONS"]] as const;

const PAGE = `Meerkat: one topic space for HTTP, WebSocket, MQTT and CoAP.

GET    /topics/          the topics that hold a value
GET    /topics/a/b       the value of topic a/b
PUT    /topics/a/b       sets the value
DELETE /topics/a/b       clears the value
POST   /topics/a/b       publishes an event
GET    /health           whether all is well

With "Accept: text/event-stream" GET follows a topic, or all that match a filter such as /topics/a/%23.
With "Prefer: wait=30" it waits for the next value.
A WebSocket opened on /topics/a/b sends and receives messages of topic a/b.`;
