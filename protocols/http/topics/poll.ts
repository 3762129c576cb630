import type { Publication } from "../../publication.ts";
import type { Exchange } from "../exchange.ts";
import type { RequestHead } from "../messages/message.ts";
import { notFound, respondState, respondUnchanged } from "./state.ts";

/** Milliseconds for which a request is ready to wait (RFC 7240 §4.3), at most `maxMs`. */
export function waitOf({ fields }: RequestHead, maxMs: number): number {
  const preferences = fields.get("prefer");
  if (preferences === undefined) return 0;
  const found = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[,;]|$)/i.exec(preferences);
  return found === null ? 0 : Math.min(Number(found[1]) * 1000, maxMs);
}

/** Answers with the next message of a topic or, when none comes in time, with its present state. */
export function poll(
  exchange: Exchange,
  topic: string,
  { current, waitMs }: { current: Publication | undefined; waitMs: number },
): void {
  const applied = [["preference-applied", `wait=${Math.floor(waitMs / 1000)}`]] as const;
  const giveUp = () => {
    if (current === undefined) notFound(exchange, topic, applied);
    else respondUnchanged(exchange, current, applied);
  };
  const { guard, identity } = exchange.hub, screen = guard?.screen(topic, identity);
  exchange.follow(topic, { qos: 1, screen }, ({ publication }) => {
    const cleared = publication.retain && publication.payload.length === 0;
    if (cleared) notFound(exchange, topic, applied);
    else respondState(exchange, publication, applied);
  });
  guard?.subscribed(identity, topic, 1);
  exchange.watchLogin(giveUp);
  exchange.wake(exchange.now + waitMs, giveUp);
  exchange.onHurry = giveUp;
}
