import type { Qos } from "../../publication.ts";
import type { Outcome } from "../../session.ts";
import { type Exchange, respondText } from "../exchange.ts";
import type { RequestHead, ResponseHead } from "../messages/message.ts";

/** Answers with what became of a publication. */
export function respondOutcome(exchange: Exchange, outcome: Outcome, success: ResponseHead): void {
  if (outcome === "overloaded") {
    const text =
      "Cannot publish: all who follow the topic, or the store, have more than they can take";
    return respondText(exchange, 503, text, [["retry-after", "1"]]);
  }
  if (outcome === "reserved") {
    return respondText(exchange, 403, "Cannot publish there: only the gateway itself does");
  }
  if (outcome !== "closing") return exchange.respond(success);
  exchange.closes = true;
  respondText(exchange, 503, "Cannot publish: the gateway is stopping");
}

/** The QoS that a request names in its query, by default 1; undefined when it is not valid. */
export function qosOf({ query }: RequestHead): Qos | undefined {
  if (query === "") return 1;
  const value = new URLSearchParams(query).get("qos") ?? "1";
  return value === "0" ? 0 : value === "1" ? 1 : value === "2" ? 2 : undefined;
}

/** What is wrong with a request for which `qosOf` is undefined. */
export function faultOfQos({ query }: RequestHead): string {
  return `Cannot use qos ${shown(new URLSearchParams(query).get("qos"))}: give 0, 1 or 2`;
}

/** The type that command-line clients give every body, though it is hardly ever a form. */
const FORM = "application/x-www-form-urlencoded";

/** The content type of a message that came with this Content-Type. */
export function typeOfMessage(type: string | null | undefined): string | undefined {
  return type === FORM ? undefined : type || undefined;
}

/** Characters of a value in an error message: its sender chose their number. */
const SHOWN_CHARACTERS = 40;

/** A value of a query in quotes, short enough for an error message. */
export function shown(value: string | null): string {
  return JSON.stringify((value ?? "").slice(0, SHOWN_CHARACTERS));
}
