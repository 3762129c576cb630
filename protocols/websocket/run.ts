import { opcodes } from "./codes.ts";
import { MAX_CONTROL_BYTES } from "./codec.ts";

/** What the frames of a run begin with: final, binary; then a mask and a length of one byte. */
const FIRST = 0x80 | opcodes.binary;
const MASKED = 0x80;
const HEADER_BYTES = 6;

/** Room for the payload of a run: about what one read brings. */
const RUN_BYTES = 64 * 1024;
const payload = new Uint8Array(RUN_BYTES);

/** Small binary frames that came together. */
interface Run {
  /** Bytes of all its frames. */
  readonly size: number;
  /** What is in them, unmasked and joined: a view, valid until the next run. */
  readonly payload: Uint8Array;
}

/**
 * Joins the small, whole, binary messages at `at`: for a stream of bytes one call instead of one
 * for each. Undefined when what is there is anything else. The frames stay as they came.
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

/** Where in a run its payload byte number `count` is: the frame, and how far into its payload. */
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

/** Negative when the frame at `at` is not masked, longer or not there. */
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
