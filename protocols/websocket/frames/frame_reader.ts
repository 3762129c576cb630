import { ProtocolError } from "../../session.ts";
import type { WebSocketLimits } from "../limits.ts";
import type { Mode } from "../mode.ts";
import { Assembly } from "./assembly.ts";
import { decodeHeader, type FrameHeader } from "./codec.ts";
import { closeCodes, opcodes } from "./codes.ts";
import type { Deflation } from "./deflation.ts";
import { rotate, unmask } from "./mask.ts";
import { findInRun, joinRun } from "./run.ts";

/** Where a frame reader takes what it reads. */
export interface FrameTarget {
  /** False while the input must wait. */
  readonly reading: boolean;
  /** Gets the messages; undefined once they are to be ignored. */
  readonly receiver: Mode | undefined;
  /** A whole control frame. */
  control(opcode: number, payload: Uint8Array): void;
}

/** What a frame reader must know of its WebSocket. */
interface FrameReaderOptions {
  /** True for the frames of a client. */
  masked: boolean;
  limits: WebSocketLimits;
  /** Set when compression was agreed on. */
  deflation?: Deflation | undefined;
}

/** Reads the peer's frames (RFC 6455 §5) and hands their payload on as it comes. */
export class FrameReader {
  readonly #target: FrameTarget;
  readonly #options: FrameReaderOptions;
  /** Gathers the present message when that is compressed; else undefined. */
  #squeezed: Assembly | undefined;
  /** True between the first and the last fragment of a message. */
  #fragmented = false;
  #text = false;
  /**
   * True while the payload of a data frame arrives: whether it is final, what is left, its mask.
   */
  #inFrame = false;
  #final = false;
  #left = 0;
  #key = 0;

  constructor(target: FrameTarget, options: FrameReaderOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** Reads as much as it can, and returns how many bytes were used. */
  read(bytes: Uint8Array, now: number): number {
    let at = 0;
    while (this.#target.reading) {
      const used = this.#inFrame ? this.#payload(bytes, at, now) : this.#frame(bytes, at, now);
      if (used === 0) return at;
      at += used;
    }
    return at;
  }

  /** Reads a run of messages, a whole control frame, or the header of a data frame. */
  #frame(bytes: Uint8Array, at: number, now: number): number {
    const joined = this.#run(bytes, at, now);
    if (joined > 0) return joined;
    const { masked, deflation } = this.#options;
    const header = decodeHeader(bytes, at, masked, deflation !== undefined);
    if (header === undefined) return 0;
    const { opcode, length, size } = header;
    if (opcode >= opcodes.close) {
      if (bytes.length < at + size + length) return 0;
      const payload = bytes.subarray(at + size, at + size + length);
      unmask(payload, header.key);
      this.#target.control(opcode, payload);
      return size + length;
    }
    this.#begin(header);
    if (length === 0) this.#deliver(bytes.subarray(at, at), now);
    return size;
  }

  #begin({ opcode, final, compressed, length, key }: FrameHeader): void {
    // Fragments of one message do not come between those of another (RFC 6455 §5.4).
    if (this.#fragmented !== (opcode === opcodes.continuation)) {
      throw new ProtocolError(
        this.#fragmented
          ? "Cannot begin a message: the one before it is not finished"
          : "Cannot continue a message: none was begun",
        closeCodes.protocolError,
      );
    }
    if (!this.#fragmented) {
      this.#text = opcode === opcodes.text;
      this.#squeezed = compressed ? new Assembly(this.#options.limits) : undefined;
    }
    this.#fragmented = !final;
    this.#inFrame = true;
    this.#final = final;
    this.#left = length;
    this.#key = key;
    if (this.#squeezed !== undefined) this.#squeezed.frame(false, length, final);
    else this.#target.receiver?.frame(this.#text, length, final);
  }

  /** Reads as much of a data frame's payload as is there. */
  #payload(bytes: Uint8Array, at: number, now: number): number {
    const there = Math.min(bytes.length - at, this.#left);
    if (there === 0) return 0;
    const piece = bytes.subarray(at, at + there);
    unmask(piece, this.#key);
    this.#left -= there;
    const used = this.#deliver(piece, now);
    if (used < there) {
      // Unused bytes are offered again, so they must be masked again.
      unmask(piece.subarray(used), rotate(this.#key, used));
      this.#left += there - used;
      this.#inFrame = true;
    }
    this.#key = rotate(this.#key, used);
    return used;
  }

  #deliver(piece: Uint8Array, now: number): number {
    this.#inFrame = this.#left > 0;
    const last = !this.#inFrame && this.#final;
    if (this.#squeezed !== undefined) return this.#inflate(piece, last, now);
    return this.#target.receiver?.data(piece, last, now) ?? piece.length;
  }

  #inflate(piece: Uint8Array, last: boolean, now: number): number {
    const whole = this.#squeezed!.add(piece, last);
    const { receiver } = this.#target;
    if (whole === undefined || receiver === undefined) return piece.length;
    const { deflation, limits } = this.#options;
    const message = deflation!.inflate(whole, limits.maxMessageBytes);
    receiver.frame(this.#text, message.length, true);
    receiver.data(message, true, now);
    return piece.length;
  }

  #run(bytes: Uint8Array, at: number, now: number): number {
    const { receiver } = this.#target;
    if (this.#fragmented || receiver?.isStream !== true || !this.#options.masked) return 0;
    const run = joinRun(bytes, at);
    if (run === undefined) return 0;
    const used = receiver.data(run.payload, true, now);
    if (used === run.payload.length) return run.size;
    const { frame, offset } = findInRun(bytes, at, used);
    if (offset === 0) return frame - at;
    const header = decodeHeader(bytes, frame, true)!;
    this.#begin(header);
    this.#left -= offset;
    this.#key = rotate(header.key, offset);
    return frame + header.size + offset - at;
  }
}
