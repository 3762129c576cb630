import { BERT } from "../blocks/block.ts";
import { type Answer, endWithin } from "../messages/answer.ts";
import { Code, NONE, tailBytes, writePayload, writeTail } from "../messages/codec.ts";
import type { Composer } from "../messages/composer.ts";
import { writeWith } from "../messages/option_bytes.ts";
import { Options, uint } from "../messages/options.ts";
import { MAX_HEAD_BYTES, writeFrameHead } from "./codec.ts";
import type { Capabilities } from "./signaling.ts";

/** Bytes of the longest Observe option. */
const OBSERVE_BYTES = 4;

/**
 * The longest message that we send, whatever the peer takes: a value of the usual limit fits, with
 * 4 KiB of options. Longer ones go in blocks, between which other messages have their turn.
 */
const MAX_SENT_BYTES = (1 << 20) + 4096;

// All streams share one buffer: what it holds is copied before the next message is written.
const shared = new Uint8Array(16 << 10);

/** Composes messages of a stream, in which there are no types and ids (RFC 8323 §3.2). */
export class StreamComposer implements Composer {
  readonly maxSzx = BERT;

  constructor(readonly capabilities: Capabilities) {}

  get usualSzx(): number {
    return this.capabilities.takesBert ? BERT : 6;
  }

  get maxBodyBytes(): number {
    const { maxMessageBytes } = this.capabilities;
    return Math.min(maxMessageBytes, MAX_SENT_BYTES) - MAX_HEAD_BYTES - OBSERVE_BYTES;
  }

  message(
    _type: number,
    code: number,
    _id: number,
    token: Uint8Array,
    body: Pick<Answer, "options" | "payload">,
    sequence = -1,
  ): Uint8Array {
    const { options, payload } = body, bytes = tailBytes(options, payload);
    // A request cannot be shortened: whether it is too long is for its server to say.
    if (bytes > this.maxBodyBytes && code >= Code.created) {
      return this.#shortened(code, token, body);
    }
    const needed = MAX_HEAD_BYTES + bytes + OBSERVE_BYTES, at = MAX_HEAD_BYTES;
    const out = needed > shared.length ? new Uint8Array(needed) : shared;
    const end = sequence < 0
      ? writeTail(out, at, options, payload)
      : writePayload(out, writeWith(out, at, options, Options.observe, uint(sequence)), payload);
    return out.subarray(writeFrameHead(out, at, { code, token, length: end - at }), end);
  }

  /** A shorter message in place of one that is too long even in blocks, because of its options. */
  #shortened(
    code: number,
    token: Uint8Array,
    { options, payload }: Pick<Answer, "options" | "payload">,
  ): Uint8Array {
    const room = this.maxBodyBytes - 1;
    // A success without its options would mean something else.
    if (code < Code.badRequest) return this.message(0, Code.internal, 0, token, NOTHING);
    if (options.length >= room) return this.message(0, code, 0, token, NOTHING);
    const reason = payload.subarray(0, endWithin(payload, room - options.length));
    return this.message(0, code, 0, token, { options, payload: reason });
  }
}

const NOTHING = { options: NONE, payload: NONE };
