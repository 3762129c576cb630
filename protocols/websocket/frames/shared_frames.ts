import { COMPRESSED, FINAL, frameOf } from "./codec.ts";
import { opcodes } from "./codes.ts";
import type { Deflation } from "./deflation.ts";

/**
 * Compressed frames by window size and by the frame they were made of, so each is made once for
 * all.
 */
const made: WeakMap<Uint8Array, Uint8Array>[] = [];

/** The same message in a compressed frame, without reference to others; as it is, if shorter so. */
export function compressedFrame(frame: Uint8Array, deflation: Deflation): Uint8Array {
  const first = frame[0]!;
  if (first !== (FINAL | opcodes.text) && first !== (FINAL | opcodes.binary)) return frame;
  if (frame.length < deflation.minBytes) return frame;
  const frames = made[deflation.bits] ??= new WeakMap();
  const shared = frames.get(frame);
  if (shared !== undefined) return shared;
  const size = frame[1] === 127 ? 10 : frame[1] === 126 ? 4 : 2;
  const payload = deflation.deflateAlone(frame.subarray(size));
  if (payload === undefined) {
    frames.set(frame, frame);
    return frame;
  }
  const result = frameOf(first | COMPRESSED, payload);
  frames.set(frame, result);
  return result;
}
