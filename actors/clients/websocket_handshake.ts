import { encodeBase64 } from "@std/encoding/base64";
import {
  type OpeningAnswer,
  openingRequest,
  readOpening,
  type WebSocketRequest,
} from "../../protocols/websocket/client_handshake.ts";
import type { ByteStream } from "../../transports/transport.ts";

/** Bytes read at a time. */
const READ_BYTES = 16 * 1024;

/** Opens a WebSocket on a stream, which is closed when that fails. `rest` came behind the answer. */
export async function shakeHands(
  stream: ByteStream,
  wishes: Omit<WebSocketRequest, "key">,
): Promise<{ answer: OpeningAnswer; rest: Uint8Array<ArrayBuffer> }> {
  const request = { ...wishes, key: encodeBase64(crypto.getRandomValues(new Uint8Array(16))) };
  try {
    await writeAll(stream, openingRequest(request));
    const buffer = new Uint8Array(READ_BYTES);
    let bytes = new Uint8Array(0);
    for (;;) {
      const count = await stream.read(buffer);
      if (count === null) throw new Error("Cannot open a WebSocket: the server hung up");
      bytes = joined(bytes, buffer.subarray(0, count));
      const answer = readOpening(bytes, request);
      if (answer !== undefined) return { answer, rest: bytes.slice(answer.end) };
    }
  } catch (error) {
    stream.close();
    throw error;
  }
}

/** Writes all of `bytes`. */
export async function writeAll(stream: ByteStream, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await stream.write(bytes.subarray(at));
}

/** Both as one. */
export function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
