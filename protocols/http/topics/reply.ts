import { randomBytes } from "node:crypto";
import { Publication, type PublicationOptions } from "../../publication.ts";
import { replyTopic } from "../../reply_topic.ts";
import type { Outcome } from "../../session.ts";
import { type Exchange, respondText } from "../exchange.ts";
import type { RequestHead } from "../messages/message.ts";
import { publish } from "../permission.ts";
import { respondOutcome, shown } from "./publishing.ts";
import { contentFields } from "./state.ts";

/**
 * Milliseconds for which a request waits for a reply, at most `maxMs`; undefined when it wants
 * none, and a text that says what is wrong when its time cannot be read.
 */
export function replyOf({ query }: RequestHead, maxMs: number): number | string | undefined {
  if (query === "") return undefined;
  const wanted = new URLSearchParams(query).get("reply");
  if (wanted === null) return undefined;
  const found = /^(\d{1,6})(ms|s)$/.exec(wanted);
  if (found === null) return `Cannot use reply ${shown(wanted)}: give a time such as 5s or 500ms`;
  return Math.min(Number(found[1]) * (found[2] === "s" ? 1000 : 1), maxMs);
}

/** Publishes a message that asks for a reply, and answers with the first one. */
export function request(
  exchange: Exchange,
  topic: string,
  wish: { body: Uint8Array; options: PublicationOptions; replyMs: number },
): void {
  const responseTopic = replyTopic();
  const correlationData = randomBytes(8);
  exchange.follow(responseTopic, { qos: 1 }, ({ publication }) => {
    const answered = publication.properties?.correlationData;
    // Without correlation data, as from an HTTP client, it counts too: nobody else knows this
    // topic.
    if (answered && !correlationData.equals(answered)) return;
    exchange.respond({ status: 200, fields: contentFields(publication) }, publication.payload);
  });
  const properties = { responseTopic, correlationData };
  const question = new Publication(topic, wish.body, { ...wish.options, properties });
  publish(exchange, question, (outcome) => wait(exchange, { topic, outcome, ms: wish.replyMs }));
}

function wait(
  exchange: Exchange,
  { topic, outcome, ms }: { topic: string; outcome: Outcome; ms: number },
): void {
  // The reply came while the question was published.
  if (exchange.closed) return;
  if (outcome === "unmatched") {
    return respondText(exchange, 504, `Cannot get a reply: nobody follows "${topic.slice(0, 64)}"`);
  }
  if (outcome !== "accepted") return respondOutcome(exchange, outcome, { status: 204 });
  exchange.wake(exchange.now + ms, () => {
    respondText(exchange, 504, `Cannot get a reply: none came within ${ms} ms`);
  });
}
