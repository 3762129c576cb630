import { ProtocolError } from "../../session.ts";
import { Code, CON, Message, readTail } from "../messages/codec.ts";

/** Codes of signaling messages (RFC 8323 §5.1). */
export const Signal = { csm: 0xe1, ping: 0xe2, pong: 0xe3, release: 0xe4, abort: 0xe5 } as const;

/** The most bytes before the options: first byte, length, code and token. */
export const MAX_HEAD_BYTES: number = 1 + 4 + 1 + 8;

/** The smallest lengths that take one, two and four bytes more (RFC 8323 §3.2). */
const ONE = 13, TWO = 269, FOUR = 65_805;

/** The length of a message in a stream, and where that was read to. */
interface Extent {
  /** Bytes of the first byte and the length. */
  readonly at: number;
  /** Bytes of options and payload. */
  readonly length: number;
}

/** What a peer may send in one message. */
export interface FrameLimits {
  maxMessageBytes: number;
  maxOptions: number;
}

/** A message of a stream, and how many bytes it takes there. */
interface Frame {
  readonly message: Message;
  readonly used: number;
}

/** Reads how long a message is; undefined while that has not come. */
function extentOf(bytes: Uint8Array): Extent | undefined {
  const nibble = bytes[0]! >> 4;
  if (bytes.length < bytesOfLength(nibble)) return undefined;
  if (nibble < 13) return { at: 1, length: nibble };
  if (nibble === 13) return { at: 2, length: bytes[1]! + ONE };
  if (nibble === 14) return { at: 3, length: (bytes[1]! << 8 | bytes[2]!) + TWO };
  const high = (bytes[1]! << 8 | bytes[2]!) * 0x10000;
  return { at: 5, length: high + (bytes[3]! << 8 | bytes[4]!) + FOUR };
}

/** Bytes of the first byte, and of the length that may follow it. */
function bytesOfLength(nibble: number): number {
  return nibble < 13 ? 1 : 1 + (1 << nibble - 13);
}

/**
 * Reads the message at the beginning of `bytes` (RFC 8323 §3.2), which counts as confirmable and
 * has no id. Undefined while it is not whole; throws a `ProtocolError` when it is not valid.
 */
export function decodeFrame(bytes: Uint8Array, limits: FrameLimits): Frame | undefined {
  if (bytes.length === 0) return undefined;
  const tokenLength = bytes[0]! & 15, { maxMessageBytes, maxOptions } = limits;
  if (tokenLength > 8) fail(`Cannot read a token of ${tokenLength} bytes: it has at most 8`);
  const extent = extentOf(bytes);
  if (extent === undefined) return undefined;
  const from = extent.at + 1, at = from + tokenLength, used = at + extent.length;
  if (used > maxMessageBytes) {
    fail(`Cannot read a message of ${used} bytes: ${maxMessageBytes} are allowed`);
  }
  if (bytes.length < used) return undefined;
  const message = new Message(CON, bytes[extent.at]!, 0, bytes.subarray(from, at));
  readTail(message, bytes.subarray(0, used), at, maxOptions);
  return { message, used };
}

function fail(reason: string): never {
  throw new ProtocolError(reason, Code.badRequest);
}

/**
 * Writes what precedes `length` bytes of options and payload, so that it ends at `end`; returns
 * where it begins.
 */
export function writeFrameHead(
  out: Uint8Array,
  end: number,
  { code, token, length }: { code: number; token: Uint8Array; length: number },
): number {
  const nibble = length < ONE ? length : length < TWO ? 13 : length < FOUR ? 14 : 15;
  const more = bytesOfLength(nibble) - 1, at = end - token.length - 2 - more;
  out[at] = nibble << 4 | token.length;
  let rest = length - [0, ONE, TWO, 0, FOUR][more]!;
  for (let i = more; i > 0; i--, rest = Math.floor(rest / 256)) out[at + i] = rest;
  out[at + 1 + more] = code;
  out.set(token, at + 2 + more);
  return at;
}

/** A message of a stream as one of a WebSocket, which has no length of its own (RFC 8323 §4.2). */
export function withoutLength(bytes: Uint8Array): Uint8Array {
  const { at } = extentOf(bytes)!, first = bytes[0]! & 15, out = bytes.subarray(at - 1);
  out[0] = first;
  return out;
}

/** A message of a WebSocket as one of a stream. Throws a `ProtocolError` when it is not valid. */
export function withLength(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 2) fail(`Cannot read a message of ${bytes.length} bytes: it has at least 2`);
  const first = bytes[0]!, tokenLength = first & 15, at = 2 + tokenLength;
  if (first >> 4 !== 0) fail("Cannot read a length: in a WebSocket it is 0, and the frame says it");
  if (tokenLength > 8) fail(`Cannot read a token of ${tokenLength} bytes: it has at most 8`);
  if (at > bytes.length) fail("Cannot read the token: the message ends within it");
  const length = bytes.length - at, out = new Uint8Array(MAX_HEAD_BYTES + length);
  out.set(bytes.subarray(at), MAX_HEAD_BYTES);
  const head = { code: bytes[1]!, token: bytes.subarray(2, at), length };
  return out.subarray(writeFrameHead(out, MAX_HEAD_BYTES, head));
}

/**
 * True when a stream begins as CoAP does, with a CSM without a token (RFC 8323 §5.3). Undefined
 * when more bytes are needed to tell; "perhaps" for a CSM that could also be the beginning of a
 * CONNECT.
 */
export function looksLikeCoap(bytes: Uint8Array): boolean | "perhaps" | undefined {
  const first = bytes[0]!, at = bytesOfLength(first >> 4);
  if ((first & 15) !== 0) return false;
  if (bytes.length <= at) return undefined;
  if (bytes[at] !== Signal.csm) return false;
  if (first !== CONNECT) return true;
  if (bytes.length < 3) return undefined;
  // A CSM of one byte of options has an option without a value.
  if ((bytes[2]! & 15) !== 0 || bytes[2]! > 0xcf) return false;
  const connect = continuesConnect(bytes);
  return connect === undefined ? "perhaps" : !connect;
}

/** The first byte of an MQTT CONNECT, and of a CSM of one byte of options. */
const CONNECT = 0x10;

/** True when this goes on as a CONNECT, with "MQTT" or "MQIsdp"; undefined while it may. */
function continuesConnect(bytes: Uint8Array): boolean | undefined {
  let at = 2;
  // Its length has at most four bytes (MQTT 5.0 §1.5.5), of which all but the last are 0x80 or
  // more.
  while (at < 4 && at < bytes.length && bytes[at]! >= 0x80) at++;
  const [high, low, letter] = bytes.subarray(at + 1);
  if (high === undefined) return undefined;
  if (high !== 0) return false;
  if (low === undefined) return undefined;
  if (low !== 4 && low !== 6) return false;
  return letter === undefined ? undefined : letter === 0x4d;
}
