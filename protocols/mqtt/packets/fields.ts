import { type Reader, utf8 } from "../../bytes.ts";
import { ProtocolError } from "../../session.ts";
import { malformed, Reason } from "./reason.ts";

/** Reads a UTF-8 string (MQTT 5.0 §1.5.4). */
export function readText(reader: Reader, what: string): string {
  const text = utf8(reader.take(reader.u16()));
  // [MQTT-1.5.4-1], [MQTT-1.5.4-2]; a byte order mark is kept [MQTT-1.5.4-3].
  if (text === undefined || text.includes("\0")) {
    throw malformed(`Cannot read the ${what}: it must be UTF-8 without surrogates and NUL`);
  }
  return text;
}

/** Reads binary data: a view. */
export function readBinary(reader: Reader): Uint8Array {
  return reader.take(reader.u16());
}

/** Reads a variable byte integer (MQTT 5.0 §1.5.5). */
export function readVarint(reader: Reader): number {
  let value = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = reader.u8();
    value |= (byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    // [MQTT-1.5.5-1]
    if (byte === 0 && shift > 0) {
      throw malformed("Cannot read a variable byte integer: it must use as few bytes as possible");
    }
    return value;
  }
  throw malformed("Cannot read a variable byte integer: five bytes, at most four are allowed");
}

/** Reads a packet identifier, which is never 0 [MQTT-2.2.1-3]. */
export function readPacketId(reader: Reader): number {
  const id = reader.u16();
  if (id === 0) {
    throw new ProtocolError(
      "Cannot use packet identifier 0: it must be from 1 to 65535",
      Reason.protocolError,
    );
  }
  return id;
}
