import { parseServer } from "../../server_url.ts";
import { Option } from "../messages/option_bytes.ts";
import { MAX_TEXT_BYTES, Options } from "../messages/options.ts";

/** What carries each scheme, and the port that it means by default (RFC 7252 §6.1, RFC 8323 §8). */
const schemes = {
  "coap": { carrier: "udp", port: 5683 },
  "coap+tcp": { carrier: "tcp", port: 5683 },
  "coaps+tcp": { carrier: "tls", port: 5684 },
} as const;

const utf8 = new TextEncoder();

/** Where a CoAP server is, and which of its resources a URL names. */
export interface CoapUrl {
  readonly carrier: "udp" | "tcp" | "tls";
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** The URL of the server, as in `coap://host:5683`. */
  readonly origin: string;
  /** The options of a request for that resource, in rising order (RFC 7252 §6.4). */
  readonly options: readonly Option[];
}

/**
 * Reads the URL of a CoAP resource. Throws a `TypeError` whose message says what would be right.
 */
export function parseCoapUrl(text: string): CoapUrl {
  const [, given] = /^([a-z][a-z\d+.-]*):\/\//i.exec(text) ?? [];
  const scheme = given?.toLowerCase() ?? "";
  if (given === undefined || !Object.hasOwn(schemes, scheme)) {
    throw new TypeError(
      `give a URL such as coap://127.0.0.1/topics/a; known are ${Object.keys(schemes).join(", ")}`,
    );
  }
  const { carrier, port: usual } = schemes[scheme as keyof typeof schemes];
  const { url, hostname, port } = parseServer(text.slice(`${given}://`.length), {
    like: "https",
    port: usual,
    example: `${scheme}://127.0.0.1:${usual}/topics/a`,
  });
  if (url.hash !== "") throw new TypeError(`leave out ${url.hash}: it names no resource`);
  return {
    carrier,
    hostname,
    port,
    origin: `${scheme}://${url.hostname}:${port}`,
    options: [...hostOptions(hostname), ...pathOptions(url.pathname + url.search)],
  };
}

/** The Uri-Path and Uri-Query options for a path such as `/topics/a%20b?qos=1`. */
export function pathOptions(text: string): Option[] {
  const [path = "", ...rest] = text.split("?"), query = rest.join("?");
  const segments = path === "" || path === "/" ? [] : path.replace(/^\//, "").split("/");
  const queries = rest.length === 0 ? [] : query.split("&");
  return [
    ...segments.map((each) => part(Options.uriPath, each)),
    ...queries.map((each) => part(Options.uriQuery, each)),
  ];
}

/** Uri-Host, for servers of several hosts; not needed for an address (RFC 7252 §6.4). */
function hostOptions(hostname: string): Option[] {
  if (hostname.includes(":") || /^[\d.]+$/.test(hostname)) return [];
  return [new Option(Options.uriHost, utf8.encode(hostname))];
}

function part(number: number, encoded: string): Option {
  let value: Uint8Array;
  try {
    value = utf8.encode(decodeURIComponent(encoded));
  } catch {
    throw new TypeError(`cannot read "${encoded}": its percent-encoding is broken`);
  }
  if (value.length <= MAX_TEXT_BYTES) return new Option(number, value);
  throw new TypeError(
    `cannot use "${encoded}": it has ${value.length} bytes, and ${MAX_TEXT_BYTES} are allowed`,
  );
}
