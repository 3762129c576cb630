import type { Screen } from "../guard.ts";
import type { Publication } from "../publication.ts";
import type { Hub } from "../session.ts";
import { topicToPath } from "../topic.ts";
import { Answer, refusal } from "./answer.ts";
import { Code, encodeBody, Option } from "./codec.ts";
import { Format, formatOf } from "./content_format.ts";
import { Options, uint } from "./options.ts";
import { loginParameters } from "./permission.ts";
import type { Request } from "./request.ts";

/** Bytes that the options of a listing take, with the marker of its payload. */
const OVERHEAD_BYTES = 8;

const utf8 = new TextEncoder();

/** What bounds a listing. */
export interface ListingLimits {
  /** Holds back what the client may not see. */
  screen?: Screen | undefined;
  /** A listing ends with the last entry that fits: a query (`?href=/topics/a/*`) narrows it. */
  maxBodyBytes: number;
  maxScanned: number;
}

/** One resource (RFC 6690 §2). */
interface Link {
  target: string;
  rt: string;
  format: number | undefined;
}

/** `/.well-known/core`: the collections, and every topic that holds a value. */
export function discover(hub: Hub, request: Request, limits: ListingLimits): Answer {
  const collections: Link[] = ["/topics", "/ps"].map((target) => (
    { target, rt: "core.ps", format: Format.linkFormat }
  ));
  return list(hub, request, { ...limits, collections });
}

/** `/topics` or `/ps`: every topic that holds a value, as links or as a JSON array of names. */
export function listTopics(hub: Hub, request: Request, limits: ListingLimits): Answer {
  if (request.accept !== Format.json) return list(hub, request, { ...limits, collections: [] });
  const names = new Entries(limits.maxBodyBytes, ["[", "]"]);
  for (const { topic } of valuesOf(hub, limits)) if (!names.add(JSON.stringify(topic))) break;
  return names.answer(Format.json);
}

function list(
  hub: Hub,
  request: Request,
  limits: ListingLimits & { collections: readonly Link[] },
): Answer {
  if (request.accept !== undefined && request.accept !== Format.linkFormat) {
    return refusal(Code.notAcceptable, "Cannot list in this format: 40 (link-format) is offered");
  }
  const root = request.root === "ps" ? "/ps/" : "/topics/";
  const links = new Entries(limits.maxBodyBytes, ["", ""]);
  for (const link of limits.collections) {
    if (isSelected(link, request.queries) && !links.add(linkText(link))) break;
  }
  for (const { topic, contentType } of valuesOf(hub, limits)) {
    const link = {
      target: root + topicToPath(topic),
      rt: "core.ps.data",
      format: contentType === undefined ? undefined : formatOf(contentType),
    };
    if (isSelected(link, request.queries) && !links.add(linkText(link))) break;
  }
  return links.answer(Format.linkFormat);
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
function linkText({ target, rt, format }: Link): string {
  const ct = format === undefined ? "" : `;ct=${format}`;
  return `<${target}>;rt="${rt}"${ct}${rt === "core.ps" ? "" : ";obs"}`;
}

/** Every query must hold: `name=value`, and the value may end in `*` (RFC 6690 §4.1). */
function isSelected(link: Link, queries: readonly string[] | undefined): boolean {
  for (const query of queries ?? []) {
    const split = query.indexOf("="), name = query.slice(0, split), value = query.slice(split + 1);
    const has = name === "href"
      ? link.target
      : name === "rt"
      ? link.rt
      : name === "ct"
      ? String(link.format)
      : undefined;
    if (has === undefined && loginParameters.includes(name)) continue;
    if (has === undefined) return false;
    if (value.endsWith("*") ? !has.startsWith(value.slice(0, -1)) : has !== value) return false;
  }
  return true;
}

/** Entries joined by commas, as many as fit. */
class Entries {
  readonly #entries: string[] = [];
  #left: number;

  constructor(maxBodyBytes: number, readonly brackets: readonly [open: string, close: string]) {
    this.#left = maxBodyBytes - OVERHEAD_BYTES;
  }

  /** False when the entry does not fit. */
  add(entry: string): boolean {
    const size = utf8.encode(entry).length + 1;
    if (size > this.#left) return false;
    this.#left -= size;
    this.#entries.push(entry);
    return true;
  }

  answer(format: number): Answer {
    const [open, close] = this.brackets;
    const text = open + this.#entries.join(",") + close;
    const option = new Option(Options.contentFormat, uint(format));
    return new Answer(Code.content, encodeBody([option], utf8.encode(text)));
  }
}
