import { ProtocolError } from "../session.ts";

/**
 * What a form of many parts may take.
 *
 * @example Few and short parts
 * ```ts
 * import { multipart, type MultipartLimits } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const form = new FormData();
 * for (const name of ["a", "b", "c"]) form.append(name, "1");
 * const limits: Partial<MultipartLimits> = { maxParts: 2 };
 * const request = new Request("http://device.example/", { method: "POST", body: form });
 * await assert.rejects(async () => {
 *   for await (const part of multipart(request, limits)) await part.text();
 * }, /at most 2 parts/);
 * ```
 */
export interface MultipartLimits {
  /** Parts of one body; default 1,000. */
  maxParts: number;
  /** Bytes of the header of one part; default 8,192. */
  maxPartHeaderBytes: number;
}

/** 1,000 parts with headers of 8 KiB: more than browsers send for any form. */
export const multipartDefaults: MultipartLimits = { maxParts: 1_000, maxPartHeaderBytes: 8_192 };

/**
 * What a part says before its content (RFC 7578 §4).
 *
 * @example In words
 * ```ts
 * import type { PartHead } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function inWords({ name, filename, contentType }: PartHead): string {
 *   return filename === undefined ? name : `${name}: ${filename} (${contentType})`;
 * }
 *
 * const head = { name: "log", filename: "attic.log", contentType: "text/plain" };
 * assert.equal(inWords(head), "log: attic.log (text/plain)");
 * ```
 */
export interface PartHead {
  /** The name of the form's field. */
  readonly name: string;
  /** The name that the client gives the file; undefined for what is no file. */
  readonly filename: string | undefined;
  /** The media type; `text/plain` unless the client says otherwise. */
  readonly contentType: string;
}

/** What a body consists of, in order: for each part its head, its content in pieces, its end. */
export type PartEvent = PartHead | Uint8Array | "end";

const CR = 13, LF = 10, DASH = 45, SPACE = 32, TAB = 9;
const decoder = new TextDecoder();

/** 64 spaces and tabs after a boundary: RFC 2046 §5.1.1 allows some, and nobody sends any. */
const MAX_PADDING = 64;

/** The boundary in a `Content-Type`; undefined when that is not `multipart/form-data`. */
export function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/form-data\s*(?:;|$)/i.test(contentType)) return undefined;
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain ?? "";
  // RFC 2046 §5.1.1
  return /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/.test(boundary) ? boundary : undefined;
}

/** Splits a multipart body into its parts as it comes (RFC 2046 §5.1). */
export class MultipartReader {
  readonly #delimiter: Uint8Array;
  readonly #limits: MultipartLimits;
  #rest: Uint8Array;
  #state: "preamble" | "boundary" | "head" | "content" | "over" = "preamble";
  #parts = 0;

  constructor(boundary: string, limits: MultipartLimits) {
    this.#delimiter = new TextEncoder().encode(`\r\n--${boundary}`);
    this.#limits = limits;
    // The first boundary may be at the very beginning, without the line end that precedes others.
    this.#rest = Uint8Array.of(CR, LF);
  }

  /** True once the last boundary has come. What follows it is ignored. */
  get isOver(): boolean {
    return this.#state === "over";
  }

  /** Reads on in `bytes`. Content is a view of them, or of bytes kept from before. */
  *push(bytes: Uint8Array): Generator<PartEvent, void> {
    let input = this.#rest.length === 0 ? bytes : joined(this.#rest, bytes);
    for (;;) {
      const before = input;
      if (this.#state === "over") {
        this.#rest = NOTHING;
        return;
      }
      if (this.#state === "boundary") input = this.#boundary(input);
      else if (this.#state === "head") {
        const end = this.#headEnd(input);
        if (end >= 0) {
          yield this.#head(input.subarray(0, end));
          input = input.subarray(end + 2);
        }
      } else input = yield* this.#content(input);
      if (input === before) break;
    }
    this.#rest = input.slice();
  }

  /** The body has ended. Throws unless it was complete. */
  end(): void {
    if (this.#state === "over") return;
    throw new ProtocolError("Cannot use the form: its last boundary is missing", 400);
  }

  /** Content up to the next delimiter, or to what may be the beginning of one. */
  *#content(input: Uint8Array): Generator<PartEvent, Uint8Array> {
    const at = find(input, this.#delimiter);
    const isIn = this.#state === "content";
    if (at >= 0) {
      if (isIn && at > 0) yield input.subarray(0, at);
      if (isIn) yield "end";
      this.#state = "boundary";
      return input.subarray(at + this.#delimiter.length);
    }
    const kept = Math.min(input.length, this.#delimiter.length - 1);
    const from = possibleStart(input, this.#delimiter, input.length - kept);
    if (from === 0) return input;
    if (isIn) yield input.subarray(0, from);
    return input.subarray(from);
  }

  /** Reads what follows a boundary: the end of its line or, after the last one, two dashes. */
  #boundary(input: Uint8Array): Uint8Array {
    let at = 0;
    while (input[at] === SPACE || input[at] === TAB) at++;
    if (at > MAX_PADDING) throw malformed("a boundary is followed by something else");
    if (input.length < at + 2) return input;
    if (input[at] === DASH && input[at + 1] === DASH) this.#state = "over";
    else if (input[at] === CR && input[at + 1] === LF) this.#state = "head";
    else throw malformed("a boundary is followed by something else");
    return input.subarray(at + 2);
  }

  /** Where the header of a part ends, after its last line; -1 while it is not whole. */
  #headEnd(input: Uint8Array): number {
    const { maxPartHeaderBytes } = this.#limits;
    // There is no line in it: the empty one comes at once.
    if (input[0] === CR && input[1] === LF) return 0;
    const at = find(input.subarray(0, maxPartHeaderBytes + 4), BLANK);
    if (at >= 0) return at + 2;
    if (input.length < maxPartHeaderBytes + 4) return -1;
    throw malformed(`the header of a part has at most ${maxPartHeaderBytes} bytes`, 413);
  }

  #head(bytes: Uint8Array): PartHead {
    if (++this.#parts > this.#limits.maxParts) {
      throw malformed(`it may have at most ${this.#limits.maxParts} parts`, 413);
    }
    this.#state = "content";
    const fields = new Map<string, string>();
    for (const line of decoder.decode(bytes).split("\r\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    const disposition = fields.get("content-disposition") ?? "";
    const name = parameter(disposition, "name");
    if (!/^form-data\s*;/i.test(disposition) || name === undefined) {
      throw malformed("a part does not say which field of the form it is");
    }
    const contentType = fields.get("content-type") ?? "text/plain";
    return { name, filename: parameter(disposition, "filename"), contentType };
  }
}

const NOTHING = new Uint8Array(0);
const BLANK = Uint8Array.of(CR, LF, CR, LF);

/** A parameter as browsers write it: in quotes, with `%22` for `"`, and backslashes as they are. */
function parameter(text: string, name: string): string | undefined {
  const [, quoted, plain] = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^\\s;"]+))`, "i").exec(text) ??
    [];
  return (quoted ?? plain)?.replace(
    /%(22|0D|0A)/gi,
    (_, hex) => String.fromCharCode(parseInt(hex, 16)),
  );
}

function malformed(why: string, status = 400): ProtocolError {
  return new ProtocolError(`Cannot use the form: ${why}`, status);
}

function find(input: Uint8Array, wanted: Uint8Array): number {
  const first = wanted[0]!, last = input.length - wanted.length;
  for (let at = input.indexOf(first); at >= 0 && at <= last; at = input.indexOf(first, at + 1)) {
    let i = 1;
    while (i < wanted.length && input[at + i] === wanted[i]) i++;
    if (i === wanted.length) return at;
  }
  return -1;
}

/** Where, from `from` on, `wanted` may have begun, to go on in later bytes; else the end. */
function possibleStart(input: Uint8Array, wanted: Uint8Array, from: number): number {
  for (let at = input.indexOf(wanted[0]!, from); at >= 0; at = input.indexOf(wanted[0]!, at + 1)) {
    let i = 1;
    while (at + i < input.length && input[at + i] === wanted[i]) i++;
    if (at + i === input.length) return at;
  }
  return input.length;
}

function joined(rest: Uint8Array, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(rest.length + bytes.length);
  whole.set(rest);
  whole.set(bytes, rest.length);
  return whole;
}
