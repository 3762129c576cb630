import { opcodes } from "./codes.ts";
import { FINAL, MAX_CONTROL_BYTES } from "./codec.ts";

/** A frame of a run begins so: final and binary; then the mask bit with a length; then the key. */
const FIRST = FINAL | opcodes.binary;
const MASKED = 0x80;
const HEADER_BYTES = 6;

/** 64 KiB of payload in a run: about as much as one read brings. */
const RUN_BYTES = 64 * 1024;
const payload = new Uint8Array(RUN_BYTES);

/** Small binary frames that came together. */
interface Run {
  /** Bytes of all its frames. */
  readonly size: number;
  /** Their payloads, unmasked and joined: a view, valid until the next run. */
  readonly payload: Uint8Array;
}

/**
 * Joins the payloads of the small, whole, binary messages at `at`, so that a stream inside them
 * gets one call in place of one for each. Undefined when something else is there. The frames
 * themselves are left as they came.
 */
export function joinRun(bytes: Uint8Array, at: number): Run | undefined {
  let from = at;
  let to = 0;
  while (bytes[from] === FIRST) {
    const length = smallLength(bytes, from);
    const end = from + HEADER_BYTES + length;
    if (length < 0 || end > bytes.length || to + length > RUN_BYTES) break;
    copyUnmasked(bytes, from + 2, to, length);
    to += length;
    from = end;
  }
  return from === at ? undefined : { size: from - at, payload: payload.subarray(0, to) };
}

/** Where payload byte number `count` of a run is: its frame, and the offset in that payload. */
export function findInRun(
  bytes: Uint8Array,
  at: number,
  count: number,
): { frame: number; offset: number } {
  let frame = at;
  let offset = count;
  for (let length; offset >= (length = smallLength(bytes, frame)); offset -= length) {
    frame += HEADER_BYTES + length;
  }
  return { frame, offset };
}

/** The payload length of a small, masked frame; negative for any other, or none. */
function smallLength(bytes: Uint8Array, at: number): number {
  const length = (bytes[at + 1] ?? 0) - MASKED;
  return length > MAX_CONTROL_BYTES ? -1 : length;
}

function copyUnmasked(bytes: Uint8Array, key: number, start: number, length: number): void {
  const first = bytes[key]!, second = bytes[key + 1]!;
  const third = bytes[key + 2]!, fourth = bytes[key + 3]!;
  let from = key + 4;
  let to = start;
  for (const whole = to + (length & ~3); to < whole; to += 4, from += 4) {
    payload[to] = bytes[from]! ^ first;
    payload[to + 1] = bytes[from + 1]! ^ second;
    payload[to + 2] = bytes[from + 2]! ^ third;
    payload[to + 3] = bytes[from + 3]! ^ fourth;
  }
  const rest = length & 3;
  if (rest > 0) payload[to] = bytes[from]! ^ first;
  if (rest > 1) payload[to + 1] = bytes[from + 1]! ^ second;
  if (rest > 2) payload[to + 2] = bytes[from + 2]! ^ third;
}
