import { accepts } from "@std/http/negotiation";
import { topicToPath } from "../topic.ts";
import type { Exchange } from "./exchange.ts";
import type { HttpLimits } from "./limits.ts";

/** How far topics that find no room are still counted: counting takes time, too. */
const COUNTED = 100_000;

/** Lists the topics that hold a value: as a JSON array, or as links (RFC 6690). */
export function listTopics(exchange: Exchange, limits: HttpLimits): void {
  const { path, fields } = exchange.request;
  const links = path === "/.well-known/core" ||
    accepts({ headers: fields }, "application/json", "application/link-format") ===
      "application/link-format";
  const { items, leftOut } = gather(exchange, limits, links ? link : JSON.stringify);
  const head: [string, string][] = [
    ["content-type", links ? "application/link-format" : "application/json"],
    ["cache-control", "no-cache"],
    ["vary", "accept"],
  ];
  if (leftOut > 0) {
    head.push(["topics-left-out", leftOut < COUNTED ? `${leftOut}` : `${COUNTED} or more`]);
  }
  const text = links ? items.join(",") : `[${items.join(",")}]`;
  exchange.respond({ status: 200, fields: head }, text);
}

function gather(
  { hub }: Exchange,
  { listedTopics, listedBytes }: HttpLimits,
  format: (topic: string) => string,
): { items: string[]; leftOut: number } {
  const items: string[] = [];
  let leftOut = 0, room = listedBytes;
  const screen = hub.guard?.screen("#", hub.identity);
  for (const { topic } of hub.retainedMatching("#", { qos: 0, screen })) {
    if (items.length < listedTopics && room > 0) {
      const item = format(topic);
      items.push(item);
      room -= item.length;
    } else if (++leftOut === COUNTED) break;
  }
  return { items: items.sort(), leftOut };
}

function link(topic: string): string {
  return `</topics/${topicToPath(topic)}>`;
}
