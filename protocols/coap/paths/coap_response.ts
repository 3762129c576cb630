import { Answer, MAX_ERROR_BYTES, refusal, shortened } from "../answer.ts";
import { Code } from "../codec.ts";
import { etagBytes } from "./coap_request.ts";
import { Format } from "../content_format.ts";
import { hostOf, methodOf } from "./http_request.ts";
import { Option } from "../option_bytes.ts";
import { Options, uint } from "../options.ts";
import { sameBytes } from "../representation.ts";
import type { Request } from "../request.ts";
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
 * An option by its number (RFC 7252 §5.10): text goes as UTF-8, and a number in its shortest form.
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
  /** From 1 to 65,535. Odd ones are critical: who does not understand them must not go on. */
  readonly number: number;
  /** At most 400 bytes, together with all others of the answer. */
  readonly value: Uint8Array | string | number;
}

/**
 * What a request is answered with, in CoAP's own terms. GET and FETCH of what the client has already
 * become 2.03 by its `etag`, and of a `format` other than the one it accepts, 4.06.
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
   * The body, sent in blocks where it is long. With an error, at most 400 bytes; text is then the
   * diagnostic payload.
   */
  payload?: Uint8Array | string;
  /** Its Content-Format. Default: 0 for text, none for bytes and errors. */
  format?: number;
  /** What this value is known by: 1 to 8 bytes, or as many of UTF-8. */
  etag?: Uint8Array | string;
  /** Seconds for which it may be kept; clients take 60 for granted. */
  maxAge?: number;
  /** Location-Path and Location-Query as a URL says them: `/rooms/7?unit=C`, or relative to the request's. */
  location?: string;
  /** More options. */
  options?: readonly CoapOption[];
}

/** Bytes of all options of an answer: at least as many are left in every datagram for a body. */
const MAX_OPTION_BYTES = 400;

/** Options that are set where a body is cut, or an observer told. */
const ours: readonly number[] = [Options.observe, Options.block1, Options.block2, Options.size2];

const encoder = new TextEncoder();

/** The answer that a handler gives. Throws a `TypeError` that says what in it cannot be sent. */
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

/** 2.03 says what is valid and for how long (RFC 7252 §5.9.1.3). */
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

/** The number of a code. Throws a `TypeError` when it is none. */
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

/** A diagnostic payload is cut where it is too long; a document would not be one any more. */
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
