import { ProtocolError } from "../../session.ts";
import type { Version } from "./packet.ts";
import { malformed, Reason } from "./reason.ts";

/** The largest remaining length that four bytes can say (MQTT 5.0 §1.5.5). */
export const MAX_REMAINING = 268_435_455;

/**
 * Where the packet at `at` ends, or -1 while its remaining length is not whole.
 * The end may lie beyond the bytes that have arrived.
 */
export function packetEnd(
  bytes: Uint8Array,
  at: number,
  version: Version,
  maxPacketBytes: number,
): number {
  const available = bytes.length;
  let length = 0;
  for (let i = at + 1, shift = 0; i < available; i++, shift += 7) {
    const byte = bytes[i]!;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      // Some clients of MQTT 3.1.1 always send four bytes, which MQTT 5 forbids [MQTT-1.5.5-1].
      if (byte === 0 && shift > 0 && version === 5) {
        throw malformed("Cannot read the remaining length: it must use as few bytes as possible");
      }
      const end = i + 1 + length;
      if (end - at > maxPacketBytes) {
        throw new ProtocolError(
          `Cannot take a packet of ${end - at} bytes: the limit is ${maxPacketBytes}`,
          Reason.packetTooLarge,
        );
      }
      return end;
    }
    if (shift === 21) {
      throw malformed("Cannot read the remaining length: five bytes, at most four are allowed");
    }
  }
  return -1;
}

/** Where the variable header of the packet at `at` begins; its remaining length must be whole. */
export function bodyStart(bytes: Uint8Array, at: number): number {
  while (bytes[++at]! >= 0x80);
  return at + 1;
}

/** How many bytes a variable byte integer takes. */
export function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
}

/** Writes a variable byte integer, and returns where it ends. */
export function writeVarint(into: Uint8Array, at: number, value: number): number {
  while (value >= 0x80) {
    into[at++] = value & 0x7f | 0x80;
    value >>>= 7;
  }
  into[at++] = value;
  return at;
}
