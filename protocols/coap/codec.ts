import { ProtocolError } from "../session.ts";

/** Message types (RFC 7252 §3). */
export const CON = 0, NON = 1, ACK = 2, RST = 3;

/** Codes, class in the upper three bits (RFC 7252 §12.1). */
export const Code = {
  empty: 0x00,
  get: 0x01,
  post: 0x02,
  put: 0x03,
  delete: 0x04,
  created: 0x41,
  deleted: 0x42,
  valid: 0x43,
  changed: 0x44,
  content: 0x45,
  badRequest: 0x80,
  unauthorized: 0x81,
  badOption: 0x82,
  forbidden: 0x83,
  notFound: 0x84,
  methodNotAllowed: 0x85,
  notAcceptable: 0x86,
  preconditionFailed: 0x8c,
  tooLarge: 0x8d,
  notImplemented: 0xa1,
  unavailable: 0xa3,
  gatewayTimeout: 0xa4,
  noProxy: 0xa5,
} as const;

/** Nothing: no token, no options, no payload. */
export const NONE: Uint8Array = new Uint8Array(0);

/** One option of a message. A decoded value is a view of the datagram. */
export class Option {
  constructor(readonly number: number, readonly value: Uint8Array) {}
}

/** One CoAP message. The parts of a decoded one are views of the datagram. */
export class Message {
  constructor(
    /** `CON`, `NON`, `ACK` or `RST`. */
    readonly type: number,
    readonly code: number,
    /** The message id: 16 bits that match answers to what they answer. */
    readonly id: number,
    readonly token: Uint8Array = NONE,
    /** In rising order of their numbers. */
    readonly options: readonly Option[] = [],
    readonly payload: Uint8Array = NONE,
  ) {}
}

const NO_OPTIONS: readonly Option[] = [];

/** Reads one datagram (RFC 7252 §3). Throws a `ProtocolError` when it is not a CoAP message. */
export function decode(bytes: Uint8Array, maxOptions: number): Message {
  const length = bytes.length;
  if (length < 4) fail(`Cannot read a message of ${length} bytes: its header has 4`);
  const first = bytes[0]!, code = bytes[1]!, tokenLength = first & 15;
  const type = first >> 4 & 3, id = bytes[2]! << 8 | bytes[3]!;
  if (first >> 6 !== 1) fail(`Cannot read version ${first >> 6}: only version 1 is known`);
  if (tokenLength > 8) fail(`Cannot read a token of ${tokenLength} bytes: it has at most 8`);
  let at = 4 + tokenLength;
  if (at > length) fail("Cannot read the token: the datagram ends within it");
  if (code === Code.empty) {
    if (length !== 4) fail("Cannot read an empty message: something follows its header");
    return new Message(type, code, id, NONE, NO_OPTIONS, NONE);
  }
  const token = tokenLength === 0 ? NONE : bytes.subarray(4, at);
  if (at === length) return new Message(type, code, id, token, NO_OPTIONS, NONE);
  const options: Option[] = [];
  let number = 0;
  while (at < length) {
    const head = bytes[at++]!;
    if (head === 0xff) {
      if (at === length) fail("Cannot read the payload: nothing follows its marker");
      return new Message(type, code, id, token, options, bytes.subarray(at));
    }
    let delta = head >> 4, size = head & 15;
    if (delta > 12) {
      delta = extended(bytes, at, delta);
      at += delta < 269 ? 1 : 2;
    }
    if (size > 12) {
      size = extended(bytes, at, size);
      at += size < 269 ? 1 : 2;
    }
    number += delta;
    if (number > 0xffff) fail(`Cannot read option ${number}: the last number is 65535`);
    if (at + size > length) fail(`Cannot read option ${number}: the datagram ends within it`);
    if (options.length === maxOptions) {
      fail(`Cannot read a message of more than ${maxOptions} options`);
    }
    options.push(new Option(number, size === 0 ? NONE : bytes.subarray(at, at += size)));
  }
  return new Message(type, code, id, token, options, NONE);
}

/** The value of a nibble of 13 or 14, of which the rest stands at `at` (RFC 7252 §3.1). */
function extended(bytes: Uint8Array, at: number, nibble: number): number {
  if (nibble === 15) fail("Cannot read an option: 15 is reserved for the payload marker");
  if (at + nibble - 12 > bytes.length) fail("Cannot read an option: the datagram ends within it");
  return nibble === 13 ? bytes[at]! + 13 : (bytes[at]! << 8 | bytes[at + 1]!) + 269;
}

function fail(reason: string): never {
  throw new ProtocolError(reason, Code.badRequest);
}

/** The bytes of a message. */
export function encode(message: Message): Uint8Array<ArrayBuffer> {
  const { type, code, id, token, options, payload } = message;
  const body = encodeBody(options, payload);
  const out = new Uint8Array(4 + token.length + body.length);
  out.set(body, writeHead(out, type, code, id, token));
  return out;
}

/** Writes header and token; returns where the options begin. `token` is a datagram's, or ours. */
export function writeHead(
  out: Uint8Array,
  type: number,
  code: number,
  id: number,
  token: Uint8Array,
): number {
  const { length } = token;
  out[0] = 0x40 | type << 4 | length;
  out[1] = code;
  out[2] = id >> 8;
  out[3] = id;
  // Eight bytes at most: a loop is faster than `set`.
  for (let i = 0; i < length; i++) out[4 + i] = token[i]!;
  return 4 + length;
}

/** Options, in rising order of their numbers, and payload: what follows the token. */
export function encodeBody(
  options: readonly Option[],
  payload: Uint8Array = NONE,
): Uint8Array<ArrayBuffer> {
  let size = payload.length === 0 ? 0 : 1 + payload.length;
  for (const { value } of options) size += 5 + value.length;
  const out = new Uint8Array(size);
  let at = 0, before = 0;
  for (const { number, value } of options) {
    at = writeOption(out, at, number - before, value);
    before = number;
  }
  if (payload.length > 0) {
    out[at] = 0xff;
    out.set(payload, at + 1);
    at += 1 + payload.length;
  }
  return at === size ? out : out.slice(0, at);
}

/** Writes an option, `delta` above the one before it; returns where the next one begins. */
export function writeOption(
  out: Uint8Array,
  at: number,
  delta: number,
  value: Uint8Array,
): number {
  const { length } = value;
  out[at++] = nibbleOf(delta) << 4 | nibbleOf(length);
  at = writeExtended(out, at, delta);
  at = writeExtended(out, at, length);
  out.set(value, at);
  return at + length;
}

function nibbleOf(value: number): number {
  return value < 13 ? value : value < 269 ? 13 : 14;
}

function writeExtended(out: Uint8Array, at: number, value: number): number {
  if (value < 13) return at;
  if (value < 269) {
    out[at] = value - 13;
    return at + 1;
  }
  out[at] = value - 269 >> 8;
  out[at + 1] = value - 269;
  return at + 2;
}
