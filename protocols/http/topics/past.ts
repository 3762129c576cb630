import { accepts } from "@std/http/negotiation";
import { envelope } from "../../envelope.ts";
import { historyLimits, readSince } from "../../history.ts";
import { Delivery } from "../../publication.ts";
import { faultOfFilter } from "../../topic.ts";
import { type Exchange, respondText } from "../exchange.ts";
import type { HttpLimits } from "../limits.ts";
import type { RequestHead } from "../messages/message.ts";
import { ifAllowed } from "../permission.ts";
import { shown } from "./publishing.ts";

const LINES = "application/x-ndjson";

/** True when a request asks for past messages of a topic, and not for its value. */
export function wantsPast({ query }: RequestHead): boolean {
  return /(^|&)(since|limit)=/.test(query);
}

/**
 * Answers with past messages of the topics that a filter selects: a JSON array, or a line of JSON
 * for each message.
 */
export function past(exchange: Exchange, filter: string, limits: HttpLimits): void {
  const fault = faultOfFilter(filter, limits.topicLevels);
  if (fault !== undefined) return respondText(exchange, 400, fault);
  const access = { action: "subscribe", topic: filter, qos: 1, retain: false } as const;
  ifAllowed(exchange, access, () => respondPast(exchange, filter));
}

function respondPast(exchange: Exchange, filter: string): void {
  const { request, hub, now } = exchange, query = new URLSearchParams(request.query);
  const since = readSince(query.get("since") ?? "0", now);
  if (since === undefined) {
    const right = "give milliseconds since 1970, a date such as 2026-11-21T08:00:00Z, or 24h";
    return respondText(exchange, 400, `Cannot use since ${shown(query.get("since"))}: ${right}`);
  }
  const limit = Number(query.get("limit") ?? historyLimits.usual);
  if (!Number.isInteger(limit) || limit < 1 || limit > historyLimits.most) {
    const right = `give a whole number from 1 to ${historyLimits.most}`;
    return respondText(exchange, 400, `Cannot use limit ${shown(query.get("limit"))}: ${right}`);
  }
  const subscription = { qos: 2, screen: hub.guard?.screen(filter, hub.identity) } as const;
  const past = hub.history?.(filter, { since, limit }, subscription);
  if (past === undefined) {
    return respondText(
      exchange,
      404,
      `No history is kept of ${shown(filter)}: "history" in the configuration names none`,
    );
  }
  const items = past.map((publication) =>
    envelope(new Delivery(publication, publication.qos, publication.retain, undefined))
  );
  const inLines = accepts({ headers: request.fields }, "application/json", LINES) === LINES;
  const fields = [
    ["content-type", inLines ? LINES : "application/json"],
    ["cache-control", "no-cache"],
    ["vary", "accept"],
  ] as const;
  const body = inLines ? items.map((item) => `${item}\n`).join("") : `[${items.join(",")}]`;
  exchange.respond({ status: 200, fields }, body);
}
