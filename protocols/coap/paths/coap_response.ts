import { Answer, MAX_ERROR_BYTES, refusal, shortened } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import { Format } from "../messages/content_format.ts";
import { Option } from "../messages/option_bytes.ts";
import { Options, uint } from "../messages/options.ts";
import type { Request } from "../messages/request.ts";
import { sameBytes } from "../topics/representation.ts";
import { etagBytes } from "./coap_request.ts";
import { hostOf, methodOf } from "./http_request.ts";
import { locationOptions, pathOf, sortedOptions } from "./uri.ts";

/**
 * A response code as RFC 7252 §5.9 writes it, such as `2.05`, `4.04` or `5.03`.
 *
 * @example What is not there
 * ```ts
 * import type { CoapCode } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const codeOf = (value: string | undefined): CoapCode => value === undefined ? "4.04" : "2.05";
 * assert.equal(codeOf(undefined), "4.04");
 * ```
 */
export type CoapCode = `${2 | 4 | 5}.${number}`;

/**
 * An option by its number (RFC 7252 §5.10). Text is sent as UTF-8, a number in its shortest form.
 *
 * @example One of an application's own, elective because its number is even
 * ```ts
 * import { type CoapOption, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const battery: CoapOption = { number: 65_000, value: 87 };
 * await using hub = gateway();
 * hub.coap("/sensor", () => ({ payload: "21.5", options: [battery] }));
 * assert.equal(battery.number % 2, 0);
 * ```
 */
export interface CoapOption {
  /** 1 to 65,535. Odd ones are critical: a client that does not know one must refuse the answer. */
  readonly number: number;
  /** The value. All options of an answer together have at most 400 bytes. */
  readonly value: Uint8Array | string | number;
}

/**
 * The answer to a request, in CoAP's own terms. For GET and FETCH, it becomes 2.03 when the client
 * has a value with this `etag`, and 4.06 when it does not accept this `format`.
 *
 * @example Where the new one is
 * ```ts
 * import { type CoapResponse, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const rooms: string[] = [];
 * function create(name: string): CoapResponse {
 *   return { code: "2.01", location: `/rooms/${rooms.push(name)}` };
 * }
 *
 * await using hub = gateway();
 * hub.coap("/rooms", { POST: (request) => create(request.text()) });
 * assert.equal(create("attic").location, "/rooms/1");
 * ```
 */
export interface CoapResponse {
  /** Default: 2.05 for GET and FETCH, 2.02 for DELETE, 2.04 for the others. */
  code?: CoapCode;
  /**
   * The body, which is sent in blocks where it is long. For an error, at most 400 bytes, of which
   * text is the diagnostic payload.
   */
  payload?: Uint8Array | string;
  /** Its Content-Format. Default: 0 for text, none for bytes and errors. */
  format?: number;
  /** The ETag of the value: 1 to 8 bytes, or a text of so many bytes. */
  etag?: Uint8Array | string;
  /** Seconds for which it may be kept; clients assume 60. */
  maxAge?: number;
  /** The new location, such as `/rooms/7?unit=C`; may be relative to the path of the request. */
  location?: string;
  /** Further options. */
  options?: readonly CoapOption[];
}

/**
 * 400 bytes of options: in the smallest datagram, about as many are left for a block of the body.
 */
const MAX_OPTION_BYTES = 400;

/** Options that we set ourselves, for blocks and notifications. */
const ours: readonly number[] = [Options.observe, Options.block1, Options.block2, Options.size2];

const encoder = new TextEncoder();

/** Encodes a handler's answer. Throws a `TypeError` that says what of it cannot be sent. */
export function encodeResponse(response: CoapResponse, request: Request, maxBytes: number): Answer {
  const code = codeOf(response.code, request), { payload = "" } = response;
  const body = typeof payload === "string" ? encoder.encode(payload) : payload;
  const isError = code >= Code.badRequest, options = optionsOf(response, request, isError);
  const encoded = sortedOptions(options);
  if (encoded.length > MAX_OPTION_BYTES) {
    fail(`options of ${encoded.length} bytes`, `${MAX_OPTION_BYTES} are allowed`);
  }
  if (isError) return new Answer(code, encoded, errorBody(body, response));
  if (body.length > maxBytes) {
    return refusal(Code.internal, `The answer of this path has more than ${maxBytes} bytes`);
  }
  const { accept, message } = request;
  if (message.code !== Code.get && message.code !== Code.fetch) {
    return new Answer(code, encoded, body);
  }
  const etag = options.find(({ number }) => number === Options.etag)?.value;
  if (etag !== undefined && request.etags?.some((each) => sameBytes(each, etag))) {
    return new Answer(Code.valid, sortedOptions(options.filter(isOfValid)));
  }
  const format = formatOf(response, isError);
  if (body.length > 0 && accept !== undefined && format !== undefined && format !== accept) {
    return refusal(Code.notAcceptable, `Cannot answer in format ${accept}: it is ${format}`);
  }
  return new Answer(code, encoded, body);
}

/** True for options of 2.03: which value is valid, and for how long (RFC 7252 §5.9.1.3). */
function isOfValid({ number }: Option): boolean {
  return number === Options.etag || number === Options.maxAge;
}

function codeOf(code: string | undefined, { message }: Request): number {
  if (code === undefined) {
    const method = methodOf(message.code);
    if (method === "GET" || method === "FETCH") return Code.content;
    return method === "DELETE" ? Code.deleted : Code.changed;
  }
  return codeFrom(code);
}

/** The number of a code such as "2.05". Throws a `TypeError` for a text that is none. */
export function codeFrom(code: string): number {
  const [, kind, detail] = /^([245])\.(\d\d)$/.exec(code) ?? [];
  if (detail === undefined || Number(detail) > 31) fail(`"${code}"`, 'a code is such as "2.05"');
  return Number(kind) << 5 | Number(detail);
}

function optionsOf(response: CoapResponse, request: Request, isError: boolean): Option[] {
  const { etag, maxAge, location, options = [] } = response, found: Option[] = [];
  if (etag !== undefined) {
    const value = etagBytes(etag);
    if (value.length < 1 || value.length > 8) fail(`an ETag of ${value.length} bytes`, "1 to 8");
    found.push(new Option(Options.etag, value));
  }
  if (maxAge !== undefined) found.push(new Option(Options.maxAge, integer(maxAge, 0xffffffff)));
  if (location !== undefined) {
    const at = { host: hostOf(request), path: pathOf(request.message) };
    const place = locationOptions(location, at);
    if (place === undefined) fail(`location "${location}"`, "a path of short names is right");
    found.push(...place!);
  }
  const format = formatOf(response, isError);
  if (format !== undefined) found.push(new Option(Options.contentFormat, integer(format, 0xffff)));
  for (const { number, value } of options) {
    integer(number, 0xffff);
    if (number === 0 || ours.includes(number)) fail(`option ${number}`, "the gateway sets it");
    const bytes = typeof value === "string"
      ? encoder.encode(value)
      : typeof value === "number"
      ? integer(value, 0xffffffff)
      : value;
    found.push(new Option(number, bytes));
  }
  return found;
}

function formatOf({ payload, format }: CoapResponse, isError: boolean): number | undefined {
  if (format !== undefined || isError || typeof payload !== "string") return format;
  return payload === "" ? undefined : Format.text;
}

/** The body of an error. Text is cut where it is too long; other documents cannot be. */
function errorBody(body: Uint8Array, { format }: CoapResponse): Uint8Array {
  if (format === undefined) return shortened(body);
  if (body.length > MAX_ERROR_BYTES) {
    fail(`an error of ${body.length} bytes`, `${MAX_ERROR_BYTES} are allowed`);
  }
  return body;
}

function integer(value: number, max: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    fail(`${value}`, `0 to ${max} is right`);
  }
  return uint(value);
}

function fail(what: string, right: string): never {
  throw new TypeError(`Cannot answer with ${what}: ${right}`);
}
