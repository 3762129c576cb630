import { Code, NONE } from "./codec.ts";
import { encodeOptions, type Option } from "./option_bytes.ts";

/** The answer to a request: a response without what ties it to its request. */
export class Answer {
  constructor(
    readonly code: number,
    /** The options, encoded (RFC 7252 §3.1). */
    readonly options: Uint8Array = NONE,
    readonly payload: Uint8Array = NONE,
    /**
     * True when it can be made again at no cost, so that it need not be kept for its other blocks.
     */
    readonly isStored: boolean = false,
  ) {}
}

/** 120 characters of a diagnostic payload, which may quote what a peer has sent. */
const MAX_REASON = 120;

/** 400 bytes of any other body of an error: errors are not sent in blocks. */
export const MAX_ERROR_BYTES = 400;

const utf8 = new TextEncoder();

/** An error with its reason as a diagnostic payload (RFC 7252 §5.5.2). */
export function refusal(code: number, reason: string, options: readonly Option[] = []): Answer {
  return new Answer(code, encodeOptions(options), utf8.encode(reason.slice(0, MAX_REASON)));
}

/** Bytes of options and payload, as limits of memory count them. */
export function bytesOf({ options, payload }: Answer): number {
  return options.length + payload.length;
}

/** Where to cut a text that has room for so many bytes: not within a character. */
export function endWithin(text: Uint8Array, room: number): number {
  if (text.length <= room) return text.length;
  let end = room;
  while (end > 0 && (text[end]! & 0xc0) === 0x80) end--;
  return end;
}

/** As much of a text as fits into an error, without the end of its last line. */
export function shortened(text: Uint8Array): Uint8Array {
  let end = endWithin(text, MAX_ERROR_BYTES);
  while (end > 0 && (text[end - 1] === 10 || text[end - 1] === 13)) end--;
  return end === text.length ? text : text.slice(0, end);
}

/** Answers that consist of a code. */
export const created = new Answer(Code.created);
export const changed = new Answer(Code.changed);
export const deleted = new Answer(Code.deleted);
