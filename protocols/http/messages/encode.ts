import { STATUS_TEXT } from "@std/http/status";
import { dateText } from "./date.ts";
import type { ResponseHead } from "./message.ts";

/** What the session adds to the head of an answer. */
interface Delimiting {
  now: number;
  /** Bytes of the body, where they are known in advance. */
  length?: number;
  /** True for a body in chunks. */
  chunked?: boolean;
  /** The field Connection, where the client could not know what becomes of the connection. */
  connection?: "close" | "keep-alive" | undefined;
}

/** Where the date is in every head with this status, in bytes from its beginning. */
export function dateOffset(status: number): number {
  return statusLine(status).length + "date: ".length;
}

/** 16 KiB: longer heads are rare, and get memory of their own. */
const PAGE_BYTES = 16 * 1024;
const page = new Uint8Array(PAGE_BYTES);
const encoder = new TextEncoder();

/**
 * The head of an answer with the empty line that ends it. The bytes are valid until the next call.
 * Throws a `TypeError` for a field that cannot be sent.
 */
export function encodeHead(head: ResponseHead, delimiting: Delimiting): Uint8Array {
  return latin1(headText(head, delimiting), page);
}

/** The head of an answer, followed by its body, as bytes of their own. */
export function encodeAnswer(
  head: ResponseHead,
  delimiting: Delimiting,
  body: Uint8Array,
): Uint8Array {
  const start = encodeHead(head, delimiting);
  const bytes = new Uint8Array(start.length + body.length);
  bytes.set(start);
  bytes.set(body, start.length);
  return bytes;
}

/** A whole answer with a line of text, after which the connection is closed. */
export function encodeRefusal(status: number, message: string, now: number): Uint8Array {
  const fields = [["content-type", "text/plain;charset=utf-8"]] as const;
  const body = encoder.encode(`${message}\n`);
  const delimiting = { now, length: body.length, connection: "close" } as const;
  return encodeAnswer({ status, fields }, delimiting, body);
}

function headText({ status, fields }: ResponseHead, delimiting: Delimiting): string {
  let text = `${statusLine(status)}date: ${dateText(delimiting.now)}\r\n`;
  for (const [name, value] of fields ?? []) {
    checkField(name, value);
    // A date of the handler's own is left out: there is one already, at a fixed place.
    if (name !== "date") text += `${name}: ${value}\r\n`;
  }
  if (delimiting.length !== undefined) text += `content-length: ${delimiting.length}\r\n`;
  if (delimiting.chunked) text += "transfer-encoding: chunked\r\n";
  if (delimiting.connection) text += `connection: ${delimiting.connection}\r\n`;
  return text + "\r\n";
}

const statusLines: string[] = [];

function statusLine(status: number): string {
  return statusLines[status] ??= makeStatusLine(status);
}

function makeStatusLine(status: number): string {
  if (!Number.isInteger(status) || status < 100 || status > 999) {
    throw new TypeError(`Cannot answer with status ${status}: it must be 100 to 999`);
  }
  return `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? ""}\r\n`;
}

const NAME = /^[-!#$%&'*+.^_`|~0-9a-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Throws for a field that could break out of its line, which would be a fault of our caller. */
function checkField(name: string, value: string): void {
  if (!NAME.test(name)) {
    throw new TypeError(`Cannot send the field "${name}": a name is a lower-case token`);
  }
  if (!VALUE.test(value)) {
    throw new TypeError(`Cannot send the field ${name}: its value has a character not allowed`);
  }
  if (name === "content-length" || name === "transfer-encoding") {
    throw new TypeError(`Cannot send the field ${name}: the session delimits the body`);
  }
}

/** True when `value` can be a field value. */
export function isFieldValue(value: string): boolean {
  return VALUE.test(value);
}

/** `text` as bytes, in `target` when it fits. */
function latin1(text: string, target: Uint8Array): Uint8Array {
  if (text.length > target.length) target = new Uint8Array(text.length);
  const { read, written } = encoder.encodeInto(text, target);
  // Characters from U+0080 to U+00FF are one byte here, but would be two in UTF-8.
  if (read !== text.length || written !== read) {
    for (let at = 0; at < text.length; at++) target[at] = text.charCodeAt(at);
  }
  return target.subarray(0, text.length);
}

/** Tells a client that waits for this that it may send its body (RFC 9110 §10.1.1). */
export const CONTINUE: Uint8Array = encoder.encode("HTTP/1.1 100 Continue\r\n\r\n");

/** Chunks of up to 8 KiB are copied, and sent in one piece with their framing. */
const SMALL_CHUNK_BYTES = 8 * 1024;
const CRLF = encoder.encode("\r\n");

/** Sends `bytes` (not empty) as a chunk, in pieces that are valid during the call of `send`. */
export function sendChunk(bytes: Uint8Array, send: (piece: Uint8Array) => boolean): boolean {
  const { written } = encoder.encodeInto(`${bytes.length.toString(16)}\r\n`, page);
  if (bytes.length > SMALL_CHUNK_BYTES) {
    return send(page.subarray(0, written)) && send(bytes) && send(CRLF);
  }
  page.set(bytes, written);
  page.set(CRLF, written + bytes.length);
  return send(page.subarray(0, written + bytes.length + 2));
}

/** The last chunk, with the trailer fields. */
export function encodeLastChunk(trailers: Iterable<readonly [string, string]> = []): Uint8Array {
  let text = "0\r\n";
  for (const [name, value] of trailers) {
    checkField(name, value);
    text += `${name}: ${value}\r\n`;
  }
  return latin1(`${text}\r\n`, page);
}
