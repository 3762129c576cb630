import { accepts } from "@std/http/negotiation";
import { isSelected, type Link, linkText, linkTo, topicsLink } from "../../link_format.ts";
import type { Publication } from "../../publication.ts";
import type { Exchange } from "../exchange.ts";
import { Handlers } from "../handlers.ts";
import type { HttpLimits } from "../limits.ts";

/** 100,000 topics that are not listed are counted at most, because counting takes time, too. */
const COUNTED = 100_000;

/** Lists the topics that hold a value: as a JSON array, or as links (RFC 6690). */
export function listTopics(exchange: Exchange, limits: HttpLimits): void {
  const type = accepts(
    { headers: exchange.request.fields },
    "application/json",
    "application/link-format",
  );
  if (type === "application/link-format") {
    return respondLinks(exchange, gather(exchange, limits, { format: topicLink }));
  }
  const format = ({ topic }: Publication) => JSON.stringify(topic);
  const { items, leftOut } = gather(exchange, limits, { format });
  respondList(exchange, { type: "application/json", text: `[${items.join(",")}]`, leftOut });
}

/** Answers with links to what the client may read and the queries select (RFC 6690 §4). */
export function discover(exchange: Exchange, limits: HttpLimits): void {
  const queries = [...new URLSearchParams(exchange.request.query)]
    .filter(([name]) => name !== "access_token")
    .map(([name, value]) => value === "" ? name : `${name}=${value}`);
  const selects = (value: Publication) => isSelected(linkTo("/topics/", value), queries);
  const { items, leftOut } = gather(exchange, limits, {
    format: topicLink,
    ...queries.length > 0 && { selects },
  });
  const others = [topicsLink, ...handled(exchange)].filter((link) => isSelected(link, queries));
  respondLinks(exchange, { items: [...others.map(linkText), ...items], leftOut });
}

function* handled({ hub }: Exchange): IterableIterator<Link> {
  const { guard, identity } = hub;
  for (const link of hub.shared(Handlers).links()) {
    if (guard?.mayUse(identity, "GET", link.target) !== false) yield link;
  }
}

/** Which topics are listed, by default all, and in what form. */
interface Listing {
  selects?(value: Publication): boolean;
  format(value: Publication): string;
}

interface Gathered {
  items: string[];
  leftOut: number;
}

function gather(
  { hub }: Exchange,
  { listedTopics, listedBytes }: HttpLimits,
  { selects, format }: Listing,
): Gathered {
  const items: string[] = [];
  let leftOut = 0, room = listedBytes, looks = listedTopics + COUNTED;
  const screen = hub.guard?.screen("#", hub.identity);
  for (const value of hub.retainedMatching("#", { qos: 0, screen })) {
    // There may be many more, and which of them are selected would be known only by looking.
    if (looks-- === 0) leftOut = COUNTED;
    else if (value === undefined) continue;
    else if (selects?.(value) === false) continue;
    else if (items.length < listedTopics && room > 0) {
      const item = format(value);
      items.push(item);
      room -= item.length;
    } else leftOut++;
    if (leftOut === COUNTED) break;
  }
  return { items: items.sort(), leftOut };
}

function topicLink(value: Publication): string {
  return linkText(linkTo("/topics/", value));
}

function respondLinks(exchange: Exchange, { items, leftOut }: Gathered): void {
  respondList(exchange, { type: "application/link-format", text: items.join(","), leftOut });
}

function respondList(
  exchange: Exchange,
  { type, text, leftOut }: { type: string; text: string; leftOut: number },
): void {
  const head: [string, string][] = [
    ["content-type", type],
    ["cache-control", "no-cache"],
    ["vary", "accept"],
  ];
  if (leftOut > 0) {
    head.push(["topics-left-out", leftOut < COUNTED ? `${leftOut}` : `${COUNTED} or more`]);
  }
  exchange.respond({ status: 200, fields: head }, text);
}
