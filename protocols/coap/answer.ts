import { Code, NONE } from "./codec.ts";
import { encodeOptions, type Option } from "./option_bytes.ts";

/** What a request is answered with. */
export class Answer {
  constructor(
    readonly code: number,
    /** Encoded (RFC 7252 §3.1). */
    readonly options: Uint8Array = NONE,
    readonly payload: Uint8Array = NONE,
    /** True when the same request would be answered the same at no cost: it need not be kept. */
    readonly isStored: boolean = false,
  ) {}
}

/** Characters of the longest diagnostic payload: peers choose the words that we quote. */
const MAX_REASON = 120;

/** Bytes of what else an error may say: errors do not come in blocks. */
export const MAX_ERROR_BYTES = 400;

const utf8 = new TextEncoder();

/** An error, with its reason as a diagnostic payload (RFC 7252 §5.5.2). */
export function refusal(code: number, reason: string, options: readonly Option[] = []): Answer {
  return new Answer(code, encodeOptions(options), utf8.encode(reason.slice(0, MAX_REASON)));
}

/** As much of a text as an error may say, without the end of its line, and no half of a character. */
export function shortened(text: Uint8Array): Uint8Array {
  let end = Math.min(text.length, MAX_ERROR_BYTES);
  if (end < text.length) { while (end > 0 && (text[end]! & 0xc0) === 0x80) end--; }
  while (end > 0 && (text[end - 1] === 10 || text[end - 1] === 13)) end--;
  return end === text.length ? text : text.slice(0, end);
}

/** Answers that say all with their code. */
export const created = new Answer(Code.created);
export const changed = new Answer(Code.changed);
export const deleted = new Answer(Code.deleted);
