import { Publication, type Qos } from "../../publication.ts";
import { faultOfTopic, pathToTopic } from "../../topic.ts";
import { type Answer, type Exchange, respondText, shownMethod, shownPath } from "../exchange.ts";
import type { HttpLimits } from "../limits.ts";
import type { RequestHead } from "../messages/message.ts";
import { ifAllowed, ifAllowedWithBody, publish } from "../permission.ts";
import { preconditions } from "./conditions.ts";
import { follow, wantsEvents } from "./events.ts";
import { discover, listTopics } from "./listing.ts";
import { past, wantsPast } from "./past.ts";
import { poll, waitOf } from "./poll.ts";
import { faultOfQos, qosOf, respondOutcome, typeOfMessage } from "./publishing.ts";
import { replyOf, request } from "./reply.ts";
import { entityTag, notFound, respondState, respondUnchanged } from "./state.ts";

const PREFIX = "/topics/";
const METHODS = "GET, HEAD, PUT, POST, DELETE, OPTIONS";
/** The longest topic that MQTT can carry (MQTT 5.0 §1.5.4). */
const TOPIC_BYTES = 65_535;

/** Answers requests for `/topics/` and everything below it, and for `/.well-known/core`. */
export function topics(limits: HttpLimits): Answer {
  const resource = new Topics(limits);
  return (exchange) => resource.answer(exchange);
}

class Topics {
  constructor(readonly limits: HttpLimits) {}

  answer(exchange: Exchange): void {
    const { path, method } = exchange.request;
    if (!path.startsWith(PREFIX) || path.length === PREFIX.length) return this.#list(exchange);
    const topic = pathToTopic(path.slice(PREFIX.length));
    if (topic === undefined) {
      return respondText(
        exchange,
        400,
        "Cannot decode the path: % must begin an encoded UTF-8 byte",
      );
    }
    switch (method) {
      case "GET":
      case "HEAD":
        return this.#get(exchange, topic);
      case "PUT":
        return this.#put(exchange, topic);
      case "POST":
        return this.#post(exchange, topic);
      case "DELETE":
        return this.#delete(exchange, topic);
      case "OPTIONS":
        return exchange.respond({ status: 204, fields: [["allow", METHODS]] });
    }
    notAllowed(exchange, METHODS);
  }

  #list(exchange: Exchange): void {
    const { path, method } = exchange.request;
    const allow = "GET, HEAD, OPTIONS";
    if (path !== PREFIX && path !== "/topics" && path !== "/.well-known/core") {
      return respondText(exchange, 404, `Cannot find ${shownPath(exchange.request)}`);
    }
    if (method === "OPTIONS") return exchange.respond({ status: 204, fields: [["allow", allow]] });
    if (method !== "GET" && method !== "HEAD") return notAllowed(exchange, allow);
    if (path === "/.well-known/core") return discover(exchange, this.limits);
    listTopics(exchange, this.limits);
  }

  #get(exchange: Exchange, topic: string): void {
    if (wantsEvents(exchange.request)) return follow(exchange, topic, this.limits);
    if (wantsPast(exchange.request)) return past(exchange, topic, this.limits);
    if (/[+#]/.test(topic)) {
      const text = "Cannot read all that a filter selects: " +
        "follow it, as text/event-stream, or ask for what was, as in ?since=1h";
      return respondText(exchange, 400, text);
    }
    if (!this.#isTopic(exchange, topic)) return;
    const access = { action: "subscribe", topic, qos: 1, retain: false } as const;
    ifAllowed(exchange, access, () => this.#read(exchange, topic));
  }

  #read(exchange: Exchange, topic: string): void {
    const current = exchange.hub.retained(topic);
    const status = current && preconditions(exchange.request, current, exchange.now, entityTag);
    const waitMs = waitOf(exchange.request, this.limits.waitMs);
    if (waitMs > 0 && (current === undefined || status === 304)) {
      return poll(exchange, topic, { current, waitMs });
    }
    if (current === undefined) return notFound(exchange, topic);
    if (status === 304) return respondUnchanged(exchange, current);
    if (status === 412) return conditionFailed(exchange);
    respondState(exchange, current);
  }

  #put(exchange: Exchange, topic: string): void {
    const qos = this.#qos(exchange, topic);
    if (qos === undefined) return;
    const access = { action: "publish", topic, qos, retain: true } as const;
    ifAllowedWithBody(
      exchange,
      { ...access, maxBytes: this.limits.bodyBytes },
      (body) => this.#store(exchange, topic, { body, qos }),
    );
  }

  #store(exchange: Exchange, topic: string, { body, qos }: { body: Uint8Array; qos: Qos }): void {
    const { hub, request, now } = exchange;
    if (body.length === 0) {
      return respondText(exchange, 400, "Cannot store an empty value: DELETE clears a topic");
    }
    const before = hub.retained(topic);
    if (preconditions(request, before, now, entityTag) !== undefined) {
      return conditionFailed(exchange);
    }
    const publication = new Publication(
      before?.topic ?? own(topic),
      body,
      { qos, retain: true, time: Math.floor(now), contentType: own(typeOf(request)) },
    );
    const fields = [["etag", entityTag(publication)]] as const;
    const success = { status: before ? 204 : 201, fields };
    publish(exchange, publication, (outcome) => respondOutcome(exchange, outcome, success));
  }

  #post(exchange: Exchange, topic: string): void {
    const qos = this.#qos(exchange, topic);
    if (qos === undefined) return;
    const replyMs = replyOf(exchange.request, this.limits.waitMs);
    if (typeof replyMs === "string") return respondText(exchange, 400, replyMs);
    const access = { action: "publish", topic, qos, retain: false } as const;
    ifAllowedWithBody(
      exchange,
      { ...access, maxBytes: this.limits.bodyBytes },
      (body) => this.#send(exchange, topic, { body, qos, replyMs }),
    );
  }

  #send(
    exchange: Exchange,
    topic: string,
    { body, qos, replyMs }: { body: Uint8Array; qos: Qos; replyMs: number | undefined },
  ): void {
    const time = Math.floor(exchange.now);
    const options = { qos, time, contentType: typeOf(exchange.request) };
    if (replyMs !== undefined) return request(exchange, topic, { body, options, replyMs });
    const publication = new Publication(topic, body, options);
    publish(
      exchange,
      publication,
      (outcome) => respondOutcome(exchange, outcome, { status: 204 }),
    );
  }

  #delete(exchange: Exchange, topic: string): void {
    const qos = this.#qos(exchange, topic);
    if (qos === undefined) return;
    const access = { action: "publish", topic, qos, retain: true } as const;
    ifAllowed(exchange, access, () => this.#clear(exchange, topic, qos));
  }

  #clear(exchange: Exchange, topic: string, qos: Qos): void {
    const { hub, request, now } = exchange;
    const before = hub.retained(topic);
    if (preconditions(request, before, now, entityTag) !== undefined) {
      return conditionFailed(exchange);
    }
    // DELETE is idempotent (RFC 9110 §9.2.2): without a value, there is nothing to do.
    if (before === undefined) return exchange.respond({ status: 204 });
    const empty = new Publication(topic, new Uint8Array(0), {
      qos,
      retain: true,
      time: Math.floor(now),
    });
    publish(exchange, empty, (outcome) => respondOutcome(exchange, outcome, { status: 204 }));
  }

  /** The QoS to publish with; undefined when it is at fault, which has been answered then. */
  #qos(exchange: Exchange, topic: string): Qos | undefined {
    if (!this.#isTopic(exchange, topic)) return undefined;
    const qos = qosOf(exchange.request);
    if (qos === undefined) respondText(exchange, 400, faultOfQos(exchange.request));
    return qos;
  }

  /** True for a valid topic; for another, answers what is wrong with it. */
  #isTopic(exchange: Exchange, topic: string): boolean {
    const fault = faultOfTopic(topic, this.limits.topicLevels) ?? faultOfLength(topic);
    if (fault !== undefined) respondText(exchange, 400, fault);
    return fault === undefined;
  }
}

function notAllowed(exchange: Exchange, allow: string): void {
  const fault = `Cannot ${shownMethod(exchange.request)} here: ${allow} are allowed`;
  respondText(exchange, 405, fault, [["allow", allow]]);
}

function conditionFailed(exchange: Exchange): void {
  respondText(exchange, 412, "Cannot do this: the stored value is not what the condition says");
}

function typeOf({ fields }: RequestHead): string | undefined {
  return typeOfMessage(fields.get("content-type"));
}

/** A copy of a text that does not keep the whole request head alive, from which it was cut. */
function own<Text extends string | undefined>(text: Text): Text {
  return (text && ` ${text}`.slice(1)) as Text;
}

function faultOfLength(topic: string): string | undefined {
  // A UTF-16 unit takes at most three bytes of UTF-8, so most topics need no counting.
  if (topic.length * 3 <= TOPIC_BYTES) return undefined;
  const { length } = new TextEncoder().encode(topic);
  if (length <= TOPIC_BYTES) return undefined;
  return `Cannot use a topic of ${length} bytes: the limit is ${TOPIC_BYTES}`;
}
