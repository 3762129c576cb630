import { ProtocolError } from "../../session.ts";
import { closeCodes, opcodes } from "./codes.ts";

/** Control frames carry no more bytes than this (RFC 6455 §5.5). */
export const MAX_CONTROL_BYTES = 125;

/** FIN: the bit of a frame's first byte that marks the last frame of a message. */
export const FINAL = 0x80;
/** RSV1: the bit that marks the first frame of a compressed message (RFC 7692 §6). */
export const COMPRESSED = 0x40;

/** Everything about a frame but its payload. */
export interface FrameHeader {
  /** True for the last fragment of a message. */
  readonly final: boolean;
  readonly opcode: number;
  /** True for the first frame of a compressed message (RFC 7692 §6). */
  readonly compressed: boolean;
  /** Bytes of payload. */
  readonly length: number;
  /** The masking key, with its first byte in the lowest eight bits. 0 leaves bytes as they are. */
  readonly key: number;
  /** Bytes of this header. */
  readonly size: number;
}

/**
 * Reads the frame header at `at`; undefined while it is not there whole. `masked` is true when the
 * sender is a client, which must mask its frames; a server must not (RFC 6455 §5.1). `deflates` is
 * true when compression was agreed on.
 */
export function decodeHeader(
  bytes: Uint8Array,
  at: number,
  masked: boolean,
  deflates = false,
): FrameHeader | undefined {
  const there = bytes.length - at;
  if (there < 1) return undefined;
  const first = bytes[at]!;
  const opcode = first & 0x0f;
  const final = first >= 0x80;
  const compressed = (first & COMPRESSED) !== 0;
  if ((first & 0x30) !== 0 || (compressed && !deflates)) {
    throw wrong(`Cannot use reserved bits (first byte ${shown(first)}): no extension was agreed`);
  }
  // RFC 7692 §6: not on control frames, and only on the first fragment of a message.
  if (compressed && opcode !== opcodes.text && opcode !== opcodes.binary) {
    throw wrong(`Cannot use the bit RSV1 (first byte ${shown(first)}): no message begins here`);
  }
  if ((opcode & 0x07) > 2) {
    throw wrong(`Cannot use opcode ${shown(opcode)}: it is reserved`);
  }
  const control = opcode >= opcodes.close;
  if (control && !final) throw wrong("Cannot fragment a control frame: it must be final");
  if (there < 2) return undefined;
  const second = bytes[at + 1]!;
  if (second >= 0x80 !== masked) {
    throw wrong(masked ? "Cannot read a frame without a mask" : "Cannot read a masked frame");
  }
  let length = second & 0x7f;
  let size = 2;
  if (length > MAX_CONTROL_BYTES) {
    if (control) {
      throw wrong(`Cannot use a control frame of more than ${MAX_CONTROL_BYTES} bytes`);
    }
    size = length === 126 ? 4 : 10;
    if (there < size) return undefined;
    length = size === 4 ? short(bytes, at + 2) : long(bytes, at + 2);
  }
  if (!masked) return { final, opcode, compressed, length, key: 0, size };
  if (there < size + 4) return undefined;
  const from = at + size;
  const key = bytes[from]! | bytes[from + 1]! << 8 | bytes[from + 2]! << 16 |
    bytes[from + 3]! << 24;
  return { final, opcode, compressed, length, key, size: size + 4 };
}

function short(bytes: Uint8Array, at: number): number {
  const length = bytes[at]! << 8 | bytes[at + 1]!;
  if (length <= MAX_CONTROL_BYTES) throw notMinimal(length);
  return length;
}

function long(bytes: Uint8Array, at: number): number {
  if (bytes[at]! >= 0x80) {
    throw wrong("Cannot use a payload length whose highest bit is set");
  }
  const high = word(bytes, at);
  const length = high * 0x1_0000_0000 + word(bytes, at + 4);
  if (length <= 0xffff) throw notMinimal(length);
  if (high > 0x1f_ffff) {
    throw new ProtocolError("Cannot accept a frame of more than 2^53 bytes", closeCodes.tooBig);
  }
  return length;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
}

function notMinimal(length: number): ProtocolError {
  return wrong(`Cannot use a longer encoding of the length ${length}: the shortest is required`);
}

function wrong(message: string): ProtocolError {
  return new ProtocolError(message, closeCodes.protocolError);
}

function shown(value: number): string {
  return `0x${value.toString(16)}`;
}

/** Bytes of the header of an unmasked frame with so many bytes of payload. */
export function headerSize(length: number): number {
  return length <= MAX_CONTROL_BYTES ? 2 : length <= 0xffff ? 4 : 10;
}

/** Writes the header of an unmasked frame at the start of `into`; `first` is its first byte. */
export function writeHeader(into: Uint8Array, first: number, length: number): void {
  into[0] = first;
  if (length <= MAX_CONTROL_BYTES) {
    into[1] = length;
    return;
  }
  const wide = length > 0xffff;
  into[1] = wide ? 127 : 126;
  let rest = length;
  for (let at = wide ? 9 : 3; at > 1; at--) {
    into[at] = rest;
    rest = Math.floor(rest / 0x100);
  }
}

const scratch = new Uint8Array(10);
const views = [2, 4, 10].map((size) => scratch.subarray(0, size));

/** The header of an unmasked frame, valid until the next call. */
export function headerOf(first: number, length: number): Uint8Array {
  writeHeader(scratch, first, length);
  return length <= MAX_CONTROL_BYTES ? views[0]! : length <= 0xffff ? views[1]! : views[2]!;
}

/** A final, unmasked frame: what a server sends. */
export function encodeFrame(opcode: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  return frameOf(FINAL | opcode, payload);
}

/** An unmasked frame with this first byte. */
export function frameOf(first: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const size = headerSize(payload.length);
  const frame = new Uint8Array(size + payload.length);
  writeHeader(frame, first, payload.length);
  frame.set(payload, size);
  return frame;
}
