import { Code, encodeBody, NONE, type Option } from "./codec.ts";

/** What a request is answered with: a code, and encoded options and payload. */
export class Answer {
  constructor(readonly code: number, readonly body: Uint8Array = NONE) {}
}

/** Characters of the longest diagnostic payload: peers choose the words that we quote. */
const MAX_REASON = 120;

const utf8 = new TextEncoder();

/** An error, with its reason as a diagnostic payload (RFC 7252 §5.5.2). */
export function refusal(code: number, reason: string, options: readonly Option[] = []): Answer {
  return new Answer(code, encodeBody(options, utf8.encode(reason.slice(0, MAX_REASON))));
}

/** Answers that say all with their code. */
export const created = new Answer(Code.created);
export const changed = new Answer(Code.changed);
export const deleted = new Answer(Code.deleted);
