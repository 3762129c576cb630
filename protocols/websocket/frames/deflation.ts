import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { ProtocolError } from "../../session.ts";
import { closeCodes } from "./codes.ts";
import type { Agreement, CompressionOptions } from "./extensions.ts";
import { deflateShort, SHORT_BYTES } from "./short_deflate.ts";

/** An empty block's end, which senders leave out at the end of each message (RFC 7692 §7.2.1). */
const TAIL = Uint8Array.of(0, 0, 0xff, 0xff);
const NOTHING = new Uint8Array(0);
/** 16 final blocks in one message: more than any sender makes, and each costs a call of zlib. */
const MAX_ENDS = 16;

/**
 * Compresses and inflates the messages of one WebSocket (RFC 7692). It keeps two windows at most.
 */
export class Deflation {
  readonly #agreement: Agreement;
  readonly #options: Required<CompressionOptions>;
  /** The windows: the last bytes received and sent, which the next message may refer to. */
  #received: Uint8Array = NOTHING;
  #sent: Uint8Array = NOTHING;

  constructor(agreement: Agreement, options: Required<CompressionOptions>) {
    this.#agreement = agreement;
    this.#options = options;
  }

  /** Inflates a message, and throws when it has more than `maxBytes`: no more is ever inflated. */
  inflate(payload: Uint8Array, maxBytes: number): Uint8Array {
    const { takeover, bits } = this.#agreement;
    let window = this.#received, input = payload, message: Uint8Array = NOTHING;
    for (let ends = 0;; ends++) {
      const [piece, used] = inflated(window, input, maxBytes - message.length);
      message = message.length === 0 ? piece : joined(message, piece);
      // For zlib a final block ends the data, but a message may go on after it (§7.2.3.4).
      if (used >= input.length) break;
      if (ends === MAX_ENDS) throw broken("its data ends too often");
      input = input.subarray(used);
      window = lastBytes(joined(window, piece), 1 << 15);
    }
    if (takeover.theirs) this.#received = windowAfter(this.#received, message, 1 << bits.theirs);
    return message;
  }

  /** Messages of fewer bytes are not compressed. */
  get minBytes(): number {
    return this.#options.minBytes;
  }

  /** The size of our window, as a power of 2. */
  get bits(): number {
    return this.#agreement.bits.ours;
  }

  /** Compresses the next message; undefined when it is better sent as it is. */
  deflate(message: Uint8Array): Uint8Array | undefined {
    const { minBytes } = this.#options;
    if (!this.#agreement.takeover.ours) return this.deflateAlone(message);
    const size = 1 << this.bits;
    const compressed = message.length < minBytes || message.length > SHORT_BYTES
      ? this.deflateAlone(message)
      : deflateShort(this.#sent, message, size);
    // Messages that are not compressed do not enter the window (§7.2.1).
    if (compressed !== undefined) this.#sent = windowAfter(this.#sent, message, size);
    return compressed;
  }

  /**
   * Compresses a message without reference to others; undefined when it is better sent as it is.
   */
  deflateAlone(message: Uint8Array): Uint8Array | undefined {
    const { minBytes, maxBytes } = this.#options;
    if (message.length < minBytes || message.length > maxBytes) return undefined;
    const compressed = deflateRawSync(message, {
      // zlib has no window of 2^8 bytes; with 2^9 it refers back by 249 bytes at most, which fits.
      windowBits: Math.max(this.bits, 9),
      // Fast and small rather than thorough: other clients wait while this runs.
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
 * What `input`, which may refer to `window`, inflates to, and how many of its bytes were used.
 * Deno's zlib takes no dictionary for raw data, so the window is put before the message as a stored
 * block.
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
    // No Buffer, because `slice` of a Buffer makes no copy.
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

/** The size of zlib's output pieces: it allocates them anew, so small results get small ones. */
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

/** The window after a message: a copy of the last `size` bytes of both together. */
function windowAfter(window: Uint8Array, message: Uint8Array, size: number): Uint8Array {
  if (message.length >= size) return message.slice(message.length - size);
  const kept = lastBytes(window, size - message.length);
  return joined(kept, message);
}
