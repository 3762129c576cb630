import { ProtocolError } from "../../session.ts";
import { encodeOptions, Option } from "./option_bytes.ts";

export { Option } from "./option_bytes.ts";

/** Message types (RFC 7252 §3). */
export const CON = 0, NON = 1, ACK = 2, RST = 3;

/** Codes, class in the upper three bits (RFC 7252 §12.1, RFC 7959 §2.9, RFC 8132 §4, RFC 8516). */
export const Code = {
  empty: 0x00,
  get: 0x01,
  post: 0x02,
  put: 0x03,
  delete: 0x04,
  fetch: 0x05,
  patch: 0x06,
  ipatch: 0x07,
  created: 0x41,
  deleted: 0x42,
  valid: 0x43,
  changed: 0x44,
  content: 0x45,
  continue: 0x5f,
  badRequest: 0x80,
  unauthorized: 0x81,
  badOption: 0x82,
  forbidden: 0x83,
  notFound: 0x84,
  methodNotAllowed: 0x85,
  notAcceptable: 0x86,
  incomplete: 0x88,
  conflict: 0x89,
  preconditionFailed: 0x8c,
  tooLarge: 0x8d,
  unsupportedFormat: 0x8f,
  unprocessable: 0x96,
  tooManyRequests: 0x9d,
  internal: 0xa0,
  notImplemented: 0xa1,
  badGateway: 0xa2,
  unavailable: 0xa3,
  gatewayTimeout: 0xa4,
  noProxy: 0xa5,
} as const;

/** Nothing: no token, no options, no payload. */
export const NONE: Uint8Array = new Uint8Array(0);

const NO_OPTIONS: readonly Option[] = [];

/** One CoAP message. Token, options and payload of a decoded one are views of the datagram. */
export class Message {
  constructor(
    /** `CON`, `NON`, `ACK` or `RST`. */
    readonly type: number,
    readonly code: number,
    /** The message id: 16 bits by which acknowledgements and duplicates are matched. */
    readonly id: number,
    readonly token: Uint8Array = NONE,
    /** In rising order of their numbers. */
    public options: readonly Option[] = NO_OPTIONS,
    public payload: Uint8Array = NONE,
  ) {}
}

/** Reads one datagram (RFC 7252 §3). Throws a `ProtocolError` when it is not a CoAP message. */
export function decode(bytes: Uint8Array, maxOptions: number): Message {
  const length = bytes.length;
  if (length < 4) fail(`Cannot read a message of ${length} bytes: its header has 4`);
  const first = bytes[0]!, code = bytes[1]!, tokenLength = first & 15;
  const type = first >> 4 & 3, id = bytes[2]! << 8 | bytes[3]!;
  if (first >> 6 !== 1) fail(`Cannot read version ${first >> 6}: only version 1 is known`);
  if (tokenLength > 8) fail(`Cannot read a token of ${tokenLength} bytes: it has at most 8`);
  const at = 4 + tokenLength;
  if (at > length) fail("Cannot read the token: the datagram ends within it");
  if (code === Code.empty) {
    if (length !== 4) fail("Cannot read an empty message: something follows its header");
    return new Message(type, code, id);
  }
  const token = tokenLength === 0 ? NONE : bytes.subarray(4, at);
  const message = new Message(type, code, id, token);
  readTail(message, bytes, at, maxOptions);
  return message;
}

/** Reads options and payload, from `at` to the end of `bytes`, into `message`. */
export function readTail(
  message: Message,
  bytes: Uint8Array,
  at: number,
  maxOptions: number,
): void {
  const length = bytes.length;
  if (at === length) return;
  const options: Option[] = [];
  message.options = options;
  let number = 0;
  while (at < length) {
    const head = bytes[at++]!;
    if (head === 0xff) {
      if (at === length) fail("Cannot read the payload: nothing follows its marker");
      message.payload = bytes.subarray(at);
      return;
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
    if (at + size > length) fail(`Cannot read option ${number}: the message ends within it`);
    if (options.length === maxOptions) {
      fail(`Cannot read a message of more than ${maxOptions} options`);
    }
    options.push(new Option(number, size === 0 ? NONE : bytes.subarray(at, at += size)));
  }
}

/** The value of a nibble of 13 or 14, which is extended by the bytes at `at` (RFC 7252 §3.1). */
function extended(bytes: Uint8Array, at: number, nibble: number): number {
  if (nibble === 15) fail("Cannot read an option: 15 is reserved for the payload marker");
  if (at + nibble - 12 > bytes.length) fail("Cannot read an option: the message ends within it");
  return nibble === 13 ? bytes[at]! + 13 : (bytes[at]! << 8 | bytes[at + 1]!) + 269;
}

function fail(reason: string): never {
  throw new ProtocolError(reason, Code.badRequest);
}

/** The bytes of a message. */
export function encode(message: Message): Uint8Array<ArrayBuffer> {
  const { type, code, id, token, payload } = message;
  const options = encodeOptions(message.options);
  const out = new Uint8Array(4 + token.length + tailBytes(options, payload));
  writeTail(out, writeHead(out, type, code, id, token), options, payload);
  return out;
}

/** Writes header and token; returns where the options begin. The token has at most 8 bytes. */
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
  return writeToken(out, 4, token);
}

/** Writes a token; returns where it ends. For eight bytes at most, a loop is faster than `set`. */
function writeToken(out: Uint8Array, at: number, token: Uint8Array): number {
  const { length } = token;
  for (let i = 0; i < length; i++) out[at + i] = token[i]!;
  return at + length;
}

/** Bytes of options and payload, with the marker between them. */
export function tailBytes(options: Uint8Array, payload: Uint8Array): number {
  return options.length + (payload.length === 0 ? 0 : 1 + payload.length);
}

/** Writes encoded options and a payload; returns where they end. */
export function writeTail(
  out: Uint8Array,
  at: number,
  options: Uint8Array,
  payload: Uint8Array,
): number {
  if (options.length > 0) out.set(options, at);
  return writePayload(out, at + options.length, payload);
}

/** Writes a payload and the marker before it, or nothing when there is none. */
export function writePayload(out: Uint8Array, at: number, payload: Uint8Array): number {
  if (payload.length === 0) return at;
  out[at] = 0xff;
  out.set(payload, at + 1);
  return at + 1 + payload.length;
}
