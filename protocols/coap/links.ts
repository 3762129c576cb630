import type { Screen } from "../guard.ts";
import type { LinkAttributes } from "../http/handlers.ts";
import type { Publication } from "../publication.ts";
import type { Hub } from "../session.ts";
import { topicToPath } from "../topic.ts";
import { Answer, refusal } from "./answer.ts";
import { Code } from "./codec.ts";
import { Format, formatOf } from "./content_format.ts";
import { encodeOptions, Option } from "./option_bytes.ts";
import { Options, uint } from "./options.ts";
import { loginParameters } from "./permission.ts";
import { hash, sameBytes } from "./representation.ts";
import type { Request } from "./request.ts";

const utf8 = new TextEncoder();

/** What bounds a listing. */
export interface ListingLimits {
  /** Holds back what the client may not see. */
  screen?: Screen | undefined;
  /** A listing ends with the last entry that fits: a query (`?href=/topics/a/*`) narrows it. */
  maxBytes: number;
  maxScanned: number;
}

/** One resource (RFC 6690 §2). */
export interface Link {
  target: string;
  attributes: LinkAttributes;
}

const collections: readonly Link[] = ["/topics", "/ps"].map((target) => ({
  target,
  attributes: { rt: "core.ps", ct: Format.linkFormat },
}));

/** `/.well-known/core`: the collections, other resources, and every topic that holds a value. */
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

/** Links in link-format, those that the queries select and that fit. */
export function listLinks(links: Iterable<Link>, request: Request, maxBytes: number): Answer {
  if (request.accept !== undefined && request.accept !== Format.linkFormat) {
    return refusal(Code.notAcceptable, "Cannot list in this format: 40 (link-format) is offered");
  }
  const entries = new Entries(maxBytes, ["", ""]);
  for (const link of links) {
    if (isSelected(link, request.queries) && !entries.add(linkText(link))) break;
  }
  return entries.answer(request, Format.linkFormat);
}

/** The resource of a topic that holds this value. */
export function linkTo(root: string, { topic, contentType }: Publication): Link {
  const ct = contentType === undefined ? undefined : formatOf(contentType);
  return {
    target: root + topicToPath(topic),
    attributes: { rt: "core.ps.data", ...ct !== undefined && { ct }, obs: true },
  };
}

function* valuesOf(hub: Hub, limits: ListingLimits): IterableIterator<Publication> {
  const { maxScanned, screen } = limits;
  let scanned = 0;
  for (const value of hub.retainedMatching("#", { qos: 0, screen })) {
    if (++scanned > maxScanned) return;
    yield value;
  }
}

/** Path segments encoded by `topicToPath` leave nothing that link-format would have to escape. */
function linkText({ target, attributes }: Link): string {
  let text = `<${target}>`;
  for (const [name, value] of Object.entries(attributes)) {
    text += value === true ? `;${name}` : `;${name}=${JSON.stringify(value)}`;
  }
  return text;
}

/**
 * Every query must hold: `name`, or `name=value`, and the value may end in `*`. Of values that are
 * lists (`rt`, `if`, `rel`) one has to do (RFC 6690 §4.1).
 */
function isSelected({ target, attributes }: Link, queries: readonly string[] | undefined): boolean {
  for (const query of queries ?? []) {
    const split = query.indexOf("="), name = split < 0 ? query : query.slice(0, split);
    const has = name === "href"
      ? target
      : Object.hasOwn(attributes, name)
      ? attributes[name]
      : undefined;
    if (has === undefined && loginParameters.includes(name)) continue;
    if (has === undefined) return false;
    if (split < 0) continue;
    const value = query.slice(split + 1);
    const all = name === "href" || has === true ? [String(has)] : String(has).split(" ");
    const fits = value.endsWith("*")
      ? all.some((each) => each.startsWith(value.slice(0, -1)))
      : all.includes(value);
    if (!fits) return false;
  }
  return true;
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
