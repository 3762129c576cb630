import type { Screen } from "../../guard.ts";
import { isSelected, type Link, linkText, linkTo, topicsLink } from "../../link_format.ts";
import type { Publication } from "../../publication.ts";
import type { Hub } from "../../session.ts";
import { Answer, refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import { Format } from "../messages/content_format.ts";
import { encodeOptions, Option } from "../messages/option_bytes.ts";
import { Options, uint } from "../messages/options.ts";
import type { Request } from "../messages/request.ts";
import { loginParameters } from "../permission.ts";
import { hash, sameBytes } from "./representation.ts";

const utf8 = new TextEncoder();

/** What a listing may show, and how long it may be. */
interface ListingLimits {
  /** Holds back what the client may not see. */
  screen?: Screen | undefined;
  /** Bytes of a listing, which ends with the last entry that fits. */
  maxBytes: number;
  maxScanned: number;
}

const collections: readonly Link[] = [topicsLink, { ...topicsLink, target: "/ps" }];

/** `/.well-known/core`: links to the collections, other resources, and topics that hold a value. */
export function discover(
  hub: Hub,
  request: Request,
  limits: ListingLimits & { others: Iterable<Link> },
): Answer {
  return list(hub, request, { ...limits, before: [collections, limits.others] });
}

/** `/topics` or `/ps`: every topic that holds a value, as links or as a JSON array of names. */
export function listTopics(hub: Hub, request: Request, limits: ListingLimits): Answer {
  if (request.accept !== Format.json) return list(hub, request, { ...limits, before: [] });
  const names = new Entries(limits.maxBytes, ["[", "]"]);
  for (const { topic } of valuesOf(hub, limits)) if (!names.add(JSON.stringify(topic))) break;
  return names.answer(request, Format.json);
}

function list(
  hub: Hub,
  request: Request,
  limits: ListingLimits & { before: readonly Iterable<Link>[] },
): Answer {
  return listLinks(all(), request, limits.maxBytes);

  function* all(): IterableIterator<Link> {
    for (const links of limits.before) yield* links;
    const root = request.root === "ps" ? "/ps/" : "/topics/";
    for (const value of valuesOf(hub, limits)) yield linkTo(root, value);
  }
}

/** Answers with links in link-format: those that the queries select, as many as fit. */
export function listLinks(links: Iterable<Link>, request: Request, maxBytes: number): Answer {
  if (request.accept !== undefined && request.accept !== Format.linkFormat) {
    return refusal(Code.notAcceptable, "Cannot list in this format: 40 (link-format) is offered");
  }
  const queries = request.queries?.filter((query) => !isLogin(query));
  const entries = new Entries(maxBytes, ["", ""]);
  for (const link of links) {
    if (isSelected(link, queries) && !entries.add(linkText(link))) break;
  }
  return entries.answer(request, Format.linkFormat);
}

function* valuesOf(hub: Hub, limits: ListingLimits): IterableIterator<Publication> {
  const { maxScanned, screen } = limits;
  let scanned = 0;
  for (const value of hub.retainedMatching("#", { qos: 0, screen })) {
    if (++scanned > maxScanned) return;
    if (value !== undefined) yield value;
  }
}

/** Entries joined by commas, as many as fit. */
class Entries {
  readonly #entries: string[] = [];
  #left: number;

  constructor(maxBytes: number, readonly brackets: readonly [open: string, close: string]) {
    this.#left = maxBytes;
  }

  /** False when the entry does not fit. */
  add(entry: string): boolean {
    // A character of UTF-16 is three bytes of UTF-8 at most.
    const size = 3 * entry.length + 1;
    if (size > this.#left) return false;
    this.#left -= size;
    this.#entries.push(entry);
    return true;
  }

  answer({ etags }: Request, format: number): Answer {
    const [open, close] = this.brackets;
    const payload = utf8.encode(open + this.#entries.join(",") + close), etag = hash(payload);
    const options = [new Option(Options.etag, etag)];
    if (etags?.some((each) => sameBytes(each, etag))) {
      return new Answer(Code.valid, encodeOptions(options));
    }
    options.push(new Option(Options.contentFormat, uint(format)));
    return new Answer(Code.content, encodeOptions(options), payload);
  }
}

function isLogin(query: string): boolean {
  return loginParameters.includes(query.split("=", 1)[0]!);
}
