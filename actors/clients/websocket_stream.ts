import { decodeHeader } from "../../protocols/websocket/frames/codec.ts";
import { opcodes } from "../../protocols/websocket/frames/codes.ts";
import { encodeMaskedFrame } from "../../protocols/websocket/frames/masked.ts";
import type { ByteStream } from "../../transports/transport.ts";
import { joined, shakeHands, writeAll } from "./websocket_handshake.ts";

/** The limits of a WebSocket that we open. */
const defaults = {
  /** Bytes of the largest frame: few enough to be masked without holding up others. */
  frameBytes: 64 * 1024,
  /** Bytes read at a time. */
  readBytes: 16 * 1024,
};

/** Opens a WebSocket of subprotocol `mqtt` on a stream, which is closed when that fails. */
export async function openWebSocket(
  stream: ByteStream,
  { host, path }: { host: string; path: string },
): Promise<ByteStream> {
  const { answer, rest } = await shakeHands(stream, { host, path, subprotocol: "mqtt" });
  if (answer.subprotocol === "mqtt") return new WebSocketStream(stream, rest);
  stream.close();
  throw new Error("Cannot open a WebSocket: the server does not speak the subprotocol mqtt");
}

/** The binary messages of a WebSocket as one stream of bytes (MQTT 5.0 §6). */
class WebSocketStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #buffer = new Uint8Array(defaults.readBytes);
  /** Bytes read and not used. */
  #input: Uint8Array;
  /** Payload of the present frame that is still to come. */
  #left = 0;
  /** One write at a time, whoever asks: an answer to a ping must not fall into a frame. */
  #writing: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(stream: ByteStream, rest: Uint8Array) {
    this.#stream = stream;
    this.#input = rest;
  }

  get peer(): string {
    return this.#stream.peer;
  }

  get secure(): boolean {
    return this.#stream.secure;
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      if (this.#ended) return null;
      if (this.#left > 0 && this.#input.length > 0) return this.#take(into);
      if (this.#left === 0 && this.#frame()) continue;
      const count = await this.#stream.read(this.#buffer);
      if (count === null) return null;
      this.#input = joined(this.#input, this.#buffer.subarray(0, count));
    }
  }

  async write(bytes: Uint8Array): Promise<number> {
    const piece = bytes.subarray(0, defaults.frameBytes);
    if (piece.length > 0) await this.#send(opcodes.binary, piece);
    return piece.length;
  }

  async closeWrite(): Promise<void> {
    // Status 1000, a normal closure (RFC 6455 §7.4.1).
    await this.#send(opcodes.close, new Uint8Array([0x03, 0xe8]));
    await this.#stream.closeWrite();
  }

  close(): void {
    this.#ended = true;
    this.#stream.close();
  }

  #take(into: Uint8Array): number {
    const count = Math.min(this.#left, this.#input.length, into.length);
    into.set(this.#input.subarray(0, count));
    this.#input = this.#input.subarray(count);
    this.#left -= count;
    return count;
  }

  /** Takes the next frame as far as its payload; false while it is not there. */
  #frame(): boolean {
    const header = decodeHeader(this.#input, 0, false);
    if (header === undefined) return false;
    const { opcode, size, length } = header;
    if (opcode < opcodes.close) {
      if (opcode === opcodes.text) throw new Error("Cannot read MQTT from a text frame");
      this.#input = this.#input.subarray(size);
      this.#left = length;
      return true;
    }
    if (this.#input.length < size + length) return false;
    const payload = this.#input.slice(size, size + length);
    this.#input = this.#input.subarray(size + length);
    if (opcode === opcodes.close) this.#ended = true;
    // A write that fails is noticed by whoever writes next.
    else if (opcode === opcodes.ping) this.#send(opcodes.pong, payload).catch(() => {});
    return true;
  }

  #send(opcode: number, payload: Uint8Array): Promise<void> {
    const frame = encodeMaskedFrame(opcode, payload);
    const written = this.#writing.then(() => writeAll(this.#stream, frame));
    this.#writing = written.catch(() => {});
    return written;
  }
}
