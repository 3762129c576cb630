import type { Answer } from "./answer.ts";
import { BERT } from "./block.ts";
import { tailBytes, writePayload, writeTail } from "./codec.ts";
import type { Composer } from "./composer.ts";
import { writeWith } from "./option_bytes.ts";
import { Options, uint } from "./options.ts";
import { MAX_HEAD_BYTES, writeFrameHead } from "./stream_codec.ts";

/** Bytes of an Observe option at its longest. */
const OBSERVE_BYTES = 4;

/** Bytes of a message that every peer takes (RFC 8323 §5.3.1). */
export const BASE_MESSAGE_BYTES = 1152;

/** Bytes that an error has room for, whatever little the peer says that it takes. */
const MIN_BODY_BYTES = 64;

// All streams share one buffer: what it holds is copied before the next message is written.
let shared = new Uint8Array(4096);

/** Composes messages of a stream. Types and ids are not said there (RFC 8323 §3.2). */
export class StreamComposer implements Composer {
  readonly maxSzx = BERT;
  maxBodyBytes: number = bodyBytesOf(BASE_MESSAGE_BYTES);

  /** The peer has said what it takes. */
  limitTo(maxMessageBytes: number): void {
    this.maxBodyBytes = bodyBytesOf(maxMessageBytes);
  }

  message(
    _type: number,
    code: number,
    _id: number,
    token: Uint8Array,
    { options, payload }: Pick<Answer, "options" | "payload">,
    sequence = -1,
  ): Uint8Array {
    const needed = MAX_HEAD_BYTES + tailBytes(options, payload) + OBSERVE_BYTES;
    if (needed > shared.length) shared = new Uint8Array(2 * needed);
    const out = shared, at = MAX_HEAD_BYTES;
    const end = sequence < 0
      ? writeTail(out, at, options, payload)
      : writePayload(out, writeWith(out, at, options, Options.observe, uint(sequence)), payload);
    return out.subarray(writeFrameHead(out, at, { code, token, length: end - at }), end);
  }
}

function bodyBytesOf(maxMessageBytes: number): number {
  return Math.max(maxMessageBytes - MAX_HEAD_BYTES - OBSERVE_BYTES, MIN_BODY_BYTES);
}
