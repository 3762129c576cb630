import { ProtocolError } from "../../session.ts";
import type { HttpLimits } from "../limits.ts";
import { decodeTrailers } from "./head.ts";
import type { Fields, RequestHead } from "./message.ts";

/** How a request body is delimited: by its length in bytes, or by chunks. */
export type Framing = number | "chunked";

/** Finds out how the body of a request is delimited (RFC 9112 §6.3). */
export function framingOf({ fields, minor }: RequestHead): Framing {
  const coding = fields.get("transfer-encoding");
  const length = fields.get("content-length");
  if (coding === undefined) return length === undefined ? 0 : parseLength(length);
  // Servers that disagree on which of the two counts let requests be smuggled (RFC 9112 §11.2).
  if (length !== undefined) {
    throw bad("Cannot read the body: Content-Length and Transfer-Encoding exclude each other");
  }
  if (minor === 0) throw bad("Cannot read the body: HTTP/1.0 has no Transfer-Encoding");
  if (coding.toLowerCase() !== "chunked") {
    throw new ProtocolError('Cannot decode the transfer encoding: only "chunked" is known', 501);
  }
  return "chunked";
}

/** Two fields come joined by a comma, and are refused even if they agree. */
function parseLength(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw bad("Cannot read Content-Length: it must be there once, and be digits");
  }
  const length = Number(text);
  if (!Number.isSafeInteger(length)) {
    throw new ProtocolError("Cannot take the body: its length is beyond 2^53 bytes", 413);
  }
  return length;
}

type BodyLimits = Pick<
  HttpLimits,
  "chunkLineBytes" | "chunkExtensionBytes" | "trailerBytes" | "headerFields"
>;

const CR = 13, LF = 10, SEMICOLON = 59;
const NOTHING = new Uint8Array(0);

/** Finds the content of a request body in the bytes that carry it. */
export class BodyDecoder {
  /** The content that the last step found: a view of its input. */
  chunk: Uint8Array = NOTHING;
  /** Bytes of content found so far. */
  received = 0;
  /** The trailer fields of a chunked body, once it is done. */
  trailers: Fields | undefined;
  done = false;
  #state: "content" | "size" | "separator" | "trailers";
  /** Bytes of content still to come: of the body, or of the present chunk. */
  #left: number;
  readonly #chunked: boolean;
  #extensionBytes = 0;

  constructor(framing: Framing, readonly limits: BodyLimits) {
    this.#chunked = framing === "chunked";
    this.#state = this.#chunked ? "size" : "content";
    this.#left = framing === "chunked" ? 0 : framing;
    this.done = framing === 0;
  }

  /** Bytes of content that are announced and still to come; more chunks may follow. */
  get left(): number {
    return this.#left;
  }

  /** True when `left` is all that is still to come. */
  get sized(): boolean {
    return !this.#chunked;
  }

  /**
   * Reads on from `at`, by one step, and returns where it ends: `at` when more bytes are needed.
   */
  step(bytes: Uint8Array, at: number): number {
    this.chunk = NOTHING;
    switch (this.#state) {
      case "content":
        return this.#content(bytes, at);
      case "separator":
        return this.#separator(bytes, at);
      case "size":
        return this.#size(bytes, at);
      case "trailers":
        return this.#trailers(bytes, at);
    }
  }

  #content(bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.chunk = bytes.subarray(at, end);
    this.received += end - at;
    this.#left -= end - at;
    if (this.#left === 0) {
      if (this.#chunked) this.#state = "separator";
      else this.done = true;
    }
    return end;
  }

  #separator(bytes: Uint8Array, at: number): number {
    if (bytes.length - at < 2) {
      if (at < bytes.length && bytes[at] !== CR) throw bad(SEPARATOR_FAULT);
      return at;
    }
    if (bytes[at] !== CR || bytes[at + 1] !== LF) throw bad(SEPARATOR_FAULT);
    this.#state = "size";
    return at + 2;
  }

  #size(bytes: Uint8Array, at: number): number {
    const found = decodeChunkLine(bytes, at, this.limits.chunkLineBytes);
    if (found === undefined) return at;
    const { size, extensionBytes, end } = found;
    this.#extensionBytes += extensionBytes;
    if (this.#extensionBytes > this.limits.chunkExtensionBytes) {
      const most = this.limits.chunkExtensionBytes;
      throw bad(`Cannot read the body: the limit for chunk extensions is ${most} bytes`);
    }
    this.#left = size;
    this.#state = size === 0 ? "trailers" : "content";
    return end;
  }

  #trailers(bytes: Uint8Array, at: number): number {
    const found = decodeTrailers(bytes, at, this.limits);
    if (found === undefined) return at;
    this.done = true;
    this.trailers = found[0];
    return found[1];
  }
}

const SEPARATOR_FAULT = "Cannot read the body: a chunk must be followed by CR LF";

/** 13 hexadecimal digits of a chunk size are 52 bits, so that it stays exact as a number. */
const MAX_SIZE_DIGITS = 13;

/** Reads the line that begins a chunk (RFC 9112 §7.1); undefined while it is not whole. */
function decodeChunkLine(
  bytes: Uint8Array,
  at: number,
  maxBytes: number,
): { size: number; extensionBytes: number; end: number } | undefined {
  let size = 0, digits = 0, next = at;
  for (; next < bytes.length; next++) {
    const digit = hexDigit(bytes[next]!);
    if (digit < 0) break;
    size = size * 16 + digit;
    if (++digits > MAX_SIZE_DIGITS) {
      throw bad(`Cannot read the body: a chunk size has more than ${MAX_SIZE_DIGITS} digits`);
    }
  }
  if (next === bytes.length) return undefined;
  if (digits === 0) throw bad("Cannot read the body: a chunk begins with its size in hexadecimal");
  const extension = next;
  const end = endOfLine(bytes, next, at + maxBytes);
  if (end < 0) return undefined;
  while (bytes[next] === 0x20 || bytes[next] === 0x09) next++;
  if (end - 2 > extension && bytes[next] !== SEMICOLON) {
    throw bad("Cannot read the body: what follows a chunk size must begin with a semicolon");
  }
  return { size, extensionBytes: end - 2 - extension, end };
}

function endOfLine(bytes: Uint8Array, from: number, limit: number): number {
  for (let at = from; at < bytes.length; at++) {
    if (at >= limit) throw bad("Cannot read the body: a chunk's first line is too long");
    const byte = bytes[at]!;
    if (byte === CR) {
      if (at + 1 === bytes.length) return -1;
      if (bytes[at + 1] === LF) return at + 2;
    }
    if (byte < 0x20 && byte !== 9 || byte === 0x7f) {
      throw bad("Cannot read the body: a chunk's first line has a control character");
    }
  }
  return -1;
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

function bad(message: string): ProtocolError {
  return new ProtocolError(message, 400);
}
