import { utf8 } from "../../bytes.ts";
import type { Message } from "../messages/codec.ts";
import { encodeOptions, Option } from "../messages/option_bytes.ts";
import { MAX_TEXT_BYTES, Options, uintOf } from "../messages/options.ts";

/** 320 bytes of all Location options of an answer: the longest segment, and a few short ones. */
const MAX_LOCATION_BYTES = 320;

const encoder = new TextEncoder();

/** The path of a request as a URI has it (RFC 7252 §6.5), such as `/a/b%20c`. */
export function pathOf(message: Message): string {
  return pathFrom(textsOf(message, Options.uriPath));
}

/** The path of these segments, encoded. */
export function pathFrom(segments: readonly string[]): string {
  // These characters need no encoding in a segment, and have none in URIs of other clients.
  return `/${segments.map((each) => encode(each, /%(?:2[46BC]|3[ABD]|40)/g)).join("/")}`;
}

/** The query of a request as a URI has it, without `?`. */
export function queryOf(message: Message): string {
  const queries = textsOf(message, Options.uriQuery);
  // `+` stays encoded, because handlers that read a query as a form would take it for a space.
  return queries.map((each) => encode(each, /%(?:2[4CF]|3[ABDF]|40)/g)).join("&");
}

/** The URI that a request for another server names (RFC 7252 §5.10.2). */
export function targetOf(message: Message): string {
  const [uri] = textsOf(message, Options.proxyUri);
  if (uri !== undefined) return uri;
  const [scheme = ""] = textsOf(message, Options.proxyScheme);
  const [host = ""] = textsOf(message, Options.uriHost);
  const port = message.options.find(({ number }) => number === Options.uriPort);
  const query = queryOf(message), authority = host.includes(":") ? `[${host}]` : host;
  return `${scheme}://${authority}${port ? `:${uintOf(port.value)}` : ""}${pathOf(message)}` +
    (query === "" ? "" : `?${query}`);
}

/** The values of all options of this number as text, except those that are not UTF-8. */
export function textsOf({ options }: Message, number: number): string[] {
  return options.flatMap((each) => each.number === number ? utf8(each.value) ?? [] : []);
}

/**
 * True when a segment is "." or "..", which must not be sent (RFC 7252 §5.10.1): resolved as in a
 * URL, the path would be that of another resource.
 */
export function hasDots(message: Message): boolean {
  return textsOf(message, Options.uriPath).some((each) => each === "." || each === "..");
}

function encode(text: string, plain: RegExp): string {
  return encodeURIComponent(text).replace(plain, decodeURIComponent);
}

/**
 * The Location-Path and Location-Query options for a location (RFC 7252 §5.10.7): a path, or a URL
 * that may be relative to that of the request. Undefined for a location that they cannot name,
 * because it is on another host or too long.
 */
export function locationOptions(
  location: string,
  from: { host: string; path: string },
): Option[] | undefined {
  let url: URL, base: URL, path: string[], queries: string[];
  try {
    base = new URL(`coap://${from.host}${from.path}`);
    url = new URL(location, base);
    path = url.pathname === "/" ? [] : url.pathname.split("/").slice(1).map(decodeURIComponent);
    queries = url.search === "" ? [] : url.search.slice(1).split("&").map(decodeURIComponent);
  } catch {
    return undefined;
  }
  if (url.host !== base.host) return undefined;
  const options = [
    ...path.map((each) => new Option(Options.locationPath, encoder.encode(each))),
    ...queries.map((each) => new Option(Options.locationQuery, encoder.encode(each))),
  ];
  const fits = options.every(({ value }) => value.length <= MAX_TEXT_BYTES) &&
    encodeOptions(options).length <= MAX_LOCATION_BYTES;
  return fits ? options : undefined;
}

/** Encodes options that may be in any order. */
export function sortedOptions(options: Option[]): Uint8Array<ArrayBuffer> {
  return encodeOptions(options.sort((a, b) => a.number - b.number));
}
