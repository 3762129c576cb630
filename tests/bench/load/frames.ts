import { joined } from "./packets.ts";

/** The request that turns a connection into MQTT over WebSocket. */
export const upgradeRequest: Uint8Array<ArrayBuffer> = new TextEncoder().encode(
  [
    "GET /mqtt HTTP/1.1",
    "Host: localhost",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: bWVlcmthdCBpcyBxdWljaw==",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Protocol: mqtt",
    "",
    "",
  ].join("\r\n"),
);

/** The header of one binary frame, masked with the key 0 so that the payload stays as it is. */
export function frameHeader(length: number): Uint8Array<ArrayBuffer> {
  if (length < 126) return Uint8Array.of(0x82, 0x80 | length, 0, 0, 0, 0);
  if (length < 65536) {
    return Uint8Array.of(0x82, 0x80 | 126, length >> 8, length & 255, 0, 0, 0, 0);
  }
  const header = new Uint8Array(14);
  header[0] = 0x82;
  header[1] = 0x80 | 127;
  new DataView(header.buffer).setUint32(6, length);
  return header;
}

/** Cuts a stream into frames and hands on the payload of those that carry data. */
export class FrameReader {
  #rest = new Uint8Array(0);
  #upgraded = false;

  constructor(readonly onUpgrade: () => void, readonly onData: (payload: Uint8Array) => void) {}

  push(chunk: Uint8Array): void {
    const bytes = joined(this.#rest, chunk);
    let at = this.#upgraded ? 0 : this.#skipResponse(bytes);
    while (this.#upgraded && bytes.length - at >= 2) {
      let length = bytes[at + 1]! & 127;
      const long = length === 126 ? 2 : length === 127 ? 8 : 0;
      if (bytes.length - at < 2 + long) break;
      if (long > 0) length = 0;
      for (let i = 0; i < long; i++) {
        length = length * 256 + bytes[at + 2 + i]!;
      }
      const from = at + 2 + long;
      if (bytes.length < from + length) break;
      // Continuation, text and binary.
      if ((bytes[at]! & 15) < 3) this.onData(bytes.subarray(from, from + length));
      at = from + length;
    }
    this.#rest = bytes.slice(at);
  }

  /** Where the response to the upgrade ends; 0 while it is not complete. */
  #skipResponse(bytes: Uint8Array): number {
    const head = new TextDecoder("latin1").decode(bytes);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return 0;
    if (!head.startsWith("HTTP/1.1 101")) throw new Error(`Upgrade refused: ${head.slice(0, 40)}`);
    this.#upgraded = true;
    this.onUpgrade();
    return end + 4;
  }
}
