import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { ProtocolError } from "../session.ts";
import { closeCodes } from "./codes.ts";
import { deflateShort, SHORT_BYTES } from "./short_deflate.ts";
import type { Agreement, CompressionOptions } from "./extensions.ts";

/** What a sender leaves out at the end of each message (RFC 7692 §7.2.1). */
const TAIL = Uint8Array.of(0, 0, 0xff, 0xff);
const NOTHING = new Uint8Array(0);
/** More ends within one message than any sender makes; each costs a call. */
const MAX_ENDS = 16;

/** Compresses and restores the messages of one WebSocket (RFC 7692). Idle, it keeps two windows. */
export class Deflation {
  readonly #agreement: Agreement;
  readonly #options: Required<CompressionOptions>;
  /** The ends of what came and went before, which the next message may refer to. */
  #received: Uint8Array = NOTHING;
  #sent: Uint8Array = NOTHING;

  constructor(agreement: Agreement, options: Required<CompressionOptions>) {
    this.#agreement = agreement;
    this.#options = options;
  }

  /** What a message says, of at most `maxBytes`: it is never inflated beyond that. */
  inflate(payload: Uint8Array, maxBytes: number): Uint8Array {
    const { takeover, bits } = this.#agreement;
    let window = this.#received, input = payload, message: Uint8Array = NOTHING;
    for (let ends = 0;; ends++) {
      const [piece, used] = inflated(window, input, maxBytes - message.length);
      message = message.length === 0 ? piece : joined(message, piece);
      // A block that says it is the last ends the data for zlib, but not the message (§7.2.3.4).
      if (used >= input.length) break;
      if (ends === MAX_ENDS) throw broken("its data ends too often");
      input = input.subarray(used);
      window = lastBytes(joined(window, piece), 1 << 15);
    }
    if (takeover.theirs) this.#received = windowAfter(this.#received, message, 1 << bits.theirs);
    return message;
  }

  /** Bytes below which nothing is compressed. */
  get minBytes(): number {
    return this.#options.minBytes;
  }

  /** The size of our window, as a power of 2. */
  get bits(): number {
    return this.#agreement.bits.ours;
  }

  /** The next message; undefined when it is better sent as it is. */
  deflate(message: Uint8Array): Uint8Array | undefined {
    const { minBytes } = this.#options;
    if (!this.#agreement.takeover.ours) return this.deflateAlone(message);
    const size = 1 << this.bits;
    const compressed = message.length < minBytes || message.length > SHORT_BYTES
      ? this.deflateAlone(message)
      : deflateShort(this.#sent, message, size);
    // What is not compressed is not part of what later messages may refer to (§7.2.1).
    if (compressed !== undefined) this.#sent = windowAfter(this.#sent, message, size);
    return compressed;
  }

  /** A message that refers to no other; undefined when it is better sent as it is. */
  deflateAlone(message: Uint8Array): Uint8Array | undefined {
    const { minBytes, maxBytes } = this.#options;
    if (message.length < minBytes || message.length > maxBytes) return undefined;
    const compressed = deflateRawSync(message, {
      // Node and zlib have no smaller one, and with it refer no further back than 249 bytes.
      windowBits: Math.max(this.bits, 9),
      memLevel: 5,
      level: 3,
      chunkSize: chunkSize(message.length >> 1),
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    const length = compressed.length - TAIL.length;
    return length < message.length ? compressed.subarray(0, length) : undefined;
  }
}

/**
 * What `input` inflates to behind `window`, and how many of its bytes that took. Deno's zlib takes no
 * dictionary for raw data; the window as a stored block before the message is one.
 */
function inflated(
  window: Uint8Array,
  input: Uint8Array,
  maxBytes: number,
): [Uint8Array, number] {
  const before = window.length === 0 ? 0 : 5 + window.length;
  const data = new Uint8Array(before + input.length + TAIL.length);
  if (before > 0) {
    const { length } = window;
    data.set([0, length & 0xff, length >> 8, ~length & 0xff, ~length >> 8 & 0xff]);
    data.set(window, 5);
  }
  data.set(input, before);
  data.set(TAIL, before + input.length);
  try {
    const { buffer, engine } = inflateRawSync(data, {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: Math.max(1, window.length + maxBytes),
      chunkSize: chunkSize(window.length + 4 * input.length),
      info: true,
    }) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    const { byteOffset, length } = buffer, start = window.length;
    // Not a Buffer: what its `slice` gives is no copy.
    const message = new Uint8Array(buffer.buffer, byteOffset + start, length - start);
    return [message, engine.bytesWritten - before];
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_BUFFER_TOO_LARGE") {
      throw broken((error as Error).message);
    }
    throw new ProtocolError(
      "Cannot accept a message that inflates to more than its limit",
      closeCodes.tooBig,
    );
  }
}

function broken(why: string): ProtocolError {
  return new ProtocolError(`Cannot inflate the message: ${why}`, closeCodes.invalidPayload);
}

/** Room for the first piece of a result: small for what is small, because it is allocated anew. */
function chunkSize(expected: number): number {
  return Math.min(Math.max(expected, 1 << 10), 1 << 16);
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

function lastBytes(bytes: Uint8Array, count: number): Uint8Array {
  return bytes.length > count ? bytes.subarray(bytes.length - count) : bytes;
}

/** A copy of the last `size` bytes of what was and what came. */
function windowAfter(window: Uint8Array, message: Uint8Array, size: number): Uint8Array {
  if (message.length >= size) return message.slice(message.length - size);
  const kept = lastBytes(window, size - message.length);
  return joined(kept, message);
}
