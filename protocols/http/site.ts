import { type Answer, type Exchange, respondText, shownMethod, shownPath } from "./exchange.ts";
import { isOfTopics, type PathAnswer } from "./handlers.ts";
import { notAllowed } from "../identity.ts";
import type { HttpLimits } from "./limits.ts";
import { respondRefusal } from "./permission.ts";
import type { Found } from "./routes.ts";
import { topics } from "./topics/topics.ts";

/** Answers a request, by its handler where there is one. */
export type SiteAnswer = (
  exchange: Exchange,
  now: number,
  handler: Found<PathAnswer> | undefined,
) => void;

/**
 * Answers every request: by a handler of its path, as `/topics`, or by `fallback`. Without a
 * fallback, `/` is a page that says what this is, and all else 404.
 */
export function site(limits: HttpLimits, fallback?: Answer): SiteAnswer {
  const answerTopics = topics(limits);
  return (exchange, now, handler) => {
    const { request } = exchange, { path, method, fields } = request;
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
        const reason = `Not allowed to use ${shownPath(request)}`;
        return respondRefusal(exchange, notAllowed(reason, identity));
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
    if (path !== "/") return respondText(exchange, 404, `Cannot find ${shownPath(request)}`);
    if (method === "GET" || method === "HEAD") return respondText(exchange, 200, PAGE);
    respondText(exchange, 405, `Cannot ${shownMethod(request)} this page: it can be read`, ALLOW);
  };
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
