import { randomFillSync } from "node:crypto";
import { FINAL, headerSize, writeHeader } from "./codec.ts";
import { unmask } from "./mask.ts";

/** 64 keys are drawn at once, because each call for random bytes costs more than they do. */
const keys = new Uint32Array(64);
let used = keys.length;

/** A masking key that nobody can guess (RFC 6455 §5.3). */
function maskingKey(): number {
  if (used === keys.length) {
    randomFillSync(keys);
    used = 0;
  }
  return keys[used++]! | 0;
}

/** A final, masked frame: what a client sends. */
export function encodeMaskedFrame(
  opcode: number,
  payload: Uint8Array,
  key?: number,
): Uint8Array<ArrayBuffer> {
  return maskedFrameOf(FINAL | opcode, payload, key);
}

/** A masked frame with this first byte (RFC 6455 §5.3). */
export function maskedFrameOf(
  first: number,
  payload: Uint8Array,
  key: number = maskingKey(),
): Uint8Array<ArrayBuffer> {
  const size = headerSize(payload.length);
  const frame = new Uint8Array(size + 4 + payload.length);
  writeHeader(frame, first, payload.length);
  frame[1]! |= 0x80;
  for (let i = 0; i < 4; i++) frame[size + i] = key >>> (8 * i);
  frame.set(payload, size + 4);
  unmask(frame.subarray(size + 4), key);
  return frame;
}
