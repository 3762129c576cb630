import { Buffer } from "node:buffer";
import { ProtocolError } from "../../session.ts";
import type { HttpLimits } from "../limits.ts";
import { Fields, type RequestHead } from "./message.ts";
import { isHost, parseTarget } from "./target.ts";

const CR = 13, LF = 10, SP = 32, HTAB = 9, COLON = 58;

/** 4 empty lines before a request line: some old clients send one after a body (RFC 9112 §2.2). */
const LEADING_LINES = 4;

const TOKEN = 1, VALUE = 2, TARGET = 4;
/** For each byte, as bits, what it may be part of. */
const classes = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const char = String.fromCharCode(byte);
  if (/[-!#$%&'*+.^_`|~0-9A-Za-z]/.test(char)) classes[byte]! |= TOKEN;
  if (byte === HTAB || (byte >= 0x20 && byte !== 0x7f)) classes[byte]! |= VALUE;
  // More than RFC 3986 allows, because browsers send `[`, `|` and others unencoded.
  if (byte > 0x20 && byte < 0x7f && char !== "#") classes[byte]! |= TARGET;
}

type HeadLimits = Pick<HttpLimits, "requestLineBytes" | "headerBytes" | "headerFields">;

/** Bytes as a string, each as one of the characters U+0000 to U+00FF. */
function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.prototype.latin1Slice.call(bytes, from, to);
}

/**
 * Reads the request head at the beginning of `bytes`, and how many bytes it takes; undefined while
 * it is not whole. The first `seen` bytes were offered before, and have not to be searched again.
 */
export function decodeHead(
  bytes: Uint8Array,
  limits: HeadLimits,
  seen = 0,
): [RequestHead, number] | undefined {
  const start = skipEmptyLines(bytes);
  if (start === bytes.length) return undefined;
  const first = bytes[start]!;
  if (first === CR && start + 1 === bytes.length) return undefined;
  if (!(classes[first]! & TOKEN)) throw bad("Cannot read the request line: no method begins it");
  const end = endOfFields(bytes, start, Math.max(start, seen - 3));
  checkLength(bytes, start, end < 0 ? bytes.length : end, limits);
  if (end < 0) return undefined;
  return [new HeadParser(bytes, start, end, limits.headerFields).head(), end];
}

function skipEmptyLines(bytes: Uint8Array): number {
  let at = 0;
  while (bytes[at] === CR && bytes[at + 1] === LF) {
    at += 2;
    if (at > 2 * LEADING_LINES) {
      throw bad(`Cannot find a request: more than ${LEADING_LINES} empty lines`);
    }
  }
  return at;
}

/** Where the empty line after the fields ends, or -1. There must be no empty line at `start`. */
function endOfFields(bytes: Uint8Array, start: number, from: number): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at - 1] !== CR) throw bad("Cannot read the header: a line ends in LF without CR");
    if (bytes[at - 2] === LF && at - 2 > start) return at + 1;
  }
  return -1;
}

/** Throws when a head, which may not be whole yet, is too long already; it ends at `end` so far. */
function checkLength(bytes: Uint8Array, start: number, end: number, limits: HeadLimits): void {
  const { requestLineBytes, headerBytes } = limits;
  if (end - start <= Math.min(requestLineBytes, headerBytes)) return;
  const newline = bytes.indexOf(LF, start);
  const line = newline >= 0 && newline < end ? newline + 1 : end;
  if (line - start > requestLineBytes + 2) {
    throw new ProtocolError(
      `Cannot read the request line: the limit is ${requestLineBytes} bytes`,
      414,
    );
  }
  if (end - line > headerBytes) {
    throw new ProtocolError(`Cannot read the header: the limit is ${headerBytes} bytes`, 431);
  }
}

/** One pass over a whole head. It ends with CR LF CR LF, so no step can run beyond its end. */
class HeadParser {
  readonly #start: number;
  readonly #text: string;

  constructor(
    readonly bytes: Uint8Array,
    public at: number,
    readonly end: number,
    readonly maxFields: number,
  ) {
    this.#start = at;
    this.#text = latin1(bytes, at, end);
  }

  head(): RequestHead {
    const { bytes } = this;
    const method = this.#cut(this.at, this.#run(TOKEN));
    if (bytes[this.at] !== SP) {
      throw bad("Cannot read the request line: a method is a word, then comes one space");
    }
    this.at++;
    const target = this.#cut(this.at, this.#run(TARGET));
    if (target.length === 0 || bytes[this.at] !== SP) {
      throw bad("Cannot read the request target: visible ASCII characters only, then one space");
    }
    this.at++;
    const minor = this.#version();
    const { path, query, authority } = parseTarget(target, method);
    const fields = this.fields();
    checkHost(fields, minor, authority);
    return { method, path, query, minor, fields };
  }

  fields(): Fields {
    const { bytes } = this;
    const fields = new Fields();
    while (bytes[this.at] !== CR) {
      if (fields.size === this.maxFields) {
        throw new ProtocolError(
          `Cannot read the header: the limit is ${this.maxFields} fields`,
          431,
        );
      }
      const from = this.at;
      const nameEnd = this.#run(TOKEN);
      if (nameEnd === from || bytes[nameEnd] !== COLON) {
        throw bad(faultOfName(bytes, from, nameEnd));
      }
      this.at++;
      while (isSpace(bytes[this.at])) this.at++;
      const valueStart = this.at;
      let valueEnd = this.#run(VALUE);
      this.#lineEnd();
      while (valueEnd > valueStart && isSpace(bytes[valueEnd - 1])) valueEnd--;
      fields.append(this.#cut(from, nameEnd), this.#cut(valueStart, valueEnd));
    }
    if (this.at + 2 !== this.end) throw bad("Cannot read the header: it has a stray CR");
    return fields;
  }

  #version(): 0 | 1 {
    const from = this.at;
    while (this.bytes[this.at] !== CR) this.at++;
    const version = this.#cut(from, this.at);
    this.#lineEnd();
    if (version === "HTTP/1.1") return 1;
    if (version === "HTTP/1.0") return 0;
    if (!/^HTTP\/\d\.\d$/.test(version)) {
      throw bad("Cannot read the request line: it must end in HTTP/1.1");
    }
    throw new ProtocolError(`Cannot speak ${version}: HTTP/1.1 and HTTP/1.0 are supported`, 505);
  }

  #cut(from: number, to: number): string {
    return this.#text.slice(from - this.#start, to - this.#start);
  }

  /** Moves to the first byte that is not of `kind`, and returns where that is. */
  #run(kind: number): number {
    const { bytes } = this;
    let at = this.at;
    while (classes[bytes[at]!]! & kind) at++;
    return this.at = at;
  }

  #lineEnd(): void {
    if (this.bytes[this.at] !== CR || this.bytes[this.at + 1] !== LF) {
      throw bad("Cannot read the header: it has a control character");
    }
    this.at += 2;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === SP || byte === HTAB;
}

function faultOfName(bytes: Uint8Array, from: number, to: number): string {
  if (from === to && isSpace(bytes[from])) {
    return "Cannot read the header: a field may not be folded over lines";
  }
  if (isSpace(bytes[to])) {
    return "Cannot read the header: no space may stand before the colon";
  }
  return "Cannot read the header: a field is a name, a colon and a value";
}

/** RFC 9112 §3.2: one valid Host is needed; the authority of an absolute target replaces it. */
function checkHost(fields: Fields, minor: number, authority: string | undefined): void {
  // Two fields would be joined by a comma and a space, which no valid Host has.
  const host = fields.get("host");
  if (host === undefined && minor === 1) throw bad("Cannot serve the request: Host is missing");
  if (host !== undefined && !isHost(host)) {
    throw bad("Cannot read Host: it must be there once, as name or name:port");
  }
  if (authority !== undefined) fields.set("host", authority);
}

/**
 * Reads the trailer fields at `start`, and where they end (RFC 9112 §7.1.2); undefined while they
 * are not whole.
 */
export function decodeTrailers(
  bytes: Uint8Array,
  start: number,
  limits: Pick<HttpLimits, "trailerBytes" | "headerFields">,
): [Fields, number] | undefined {
  if (bytes[start] === CR && bytes[start + 1] === LF) return [new Fields(), start + 2];
  const end = endOfFields(bytes, start, start);
  if ((end < 0 ? bytes.length : end) - start > limits.trailerBytes) {
    throw new ProtocolError(
      `Cannot read the trailers: the limit is ${limits.trailerBytes} bytes`,
      431,
    );
  }
  if (end < 0) return undefined;
  return [new HeadParser(bytes, start, end, limits.headerFields).fields(), end];
}

function bad(message: string): ProtocolError {
  return new ProtocolError(message, 400);
}
