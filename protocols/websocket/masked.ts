import { headerSize, writeHeader } from "./codec.ts";
import { unmask } from "./mask.ts";

/** A final, masked frame: what a client sends (RFC 6455 §5.3). `key` must be hard to guess. */
export function encodeMaskedFrame(
  opcode: number,
  payload: Uint8Array,
  key: number,
): Uint8Array<ArrayBuffer> {
  const size = headerSize(payload.length);
  const frame = new Uint8Array(size + 4 + payload.length);
  writeHeader(frame, opcode, payload.length);
  frame[1]! |= 0x80;
  for (let i = 0; i < 4; i++) frame[size + i] = key >>> (8 * i);
  frame.set(payload, size + 4);
  unmask(frame.subarray(size + 4), key);
  return frame;
}
