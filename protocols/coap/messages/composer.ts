import type { Answer } from "./answer.ts";
import { Code, NONE, writeHead, writePayload, writeTail } from "./codec.ts";
import { writeWith } from "./option_bytes.ts";
import { Options, uint } from "./options.ts";

/** Writes messages for datagrams or a stream. What it returns is valid until the next message. */
export interface Composer {
  /**
   * The most bytes that options and payload of a message may have, with the marker between them.
   */
  readonly maxBodyBytes: number;
  /** The largest size exponent of a block: 7, of several blocks in one message, is for streams. */
  readonly maxSzx: number;
  /** The size exponent of blocks for a peer that names none. */
  readonly usualSzx: number;
  /** A message, with an Observe option when `sequence` is not negative. */
  message(
    type: number,
    code: number,
    id: number,
    token: Uint8Array,
    answer: Pick<Answer, "options" | "payload">,
    sequence?: number,
  ): Uint8Array;
}

/** Bytes of header, token and Observe option at their longest. */
export const MAX_HEAD_BYTES: number = 4 + 8 + 4;

/** 512 bytes: every error fits, even if a wire should carry less (RFC 7252 §4.6 asks for 1,152). */
const MIN_BYTES = 512;

const nothing = { options: NONE, payload: NONE };

/** Composes datagrams, all in one buffer. */
export class DatagramComposer implements Composer {
  readonly #out: Uint8Array;
  readonly maxBodyBytes: number;
  readonly maxSzx = 6;
  readonly usualSzx = 6;

  constructor(maxBytes: number) {
    this.#out = new Uint8Array(Math.max(maxBytes, MIN_BYTES));
    this.maxBodyBytes = this.#out.length - MAX_HEAD_BYTES;
  }

  message(
    type: number,
    code: number,
    id: number,
    token: Uint8Array,
    { options, payload }: Pick<Answer, "options" | "payload">,
    sequence = -1,
  ): Uint8Array {
    const out = this.#out, at = writeHead(out, type, code, id, token);
    const end = sequence < 0
      ? writeTail(out, at, options, payload)
      : writePayload(out, writeWith(out, at, options, Options.observe, uint(sequence)), payload);
    return out.subarray(0, end);
  }

  /** A message of four bytes: an acknowledgement or a reset. */
  empty(type: number, id: number): Uint8Array {
    return this.message(type, Code.empty, id, NONE, nothing);
  }
}
