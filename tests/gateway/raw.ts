import { within } from "../interop/patience.ts";
import type { Stream } from "../interop/mqtt_client.ts";

const encoder = new TextEncoder();

/** A client without a protocol: sends what it is told to, and keeps what comes. */
export class Raw {
  /** Everything that came and was not yet taken. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  readonly #stream: Stream;
  readonly #buffer = new Uint8Array(65_536);
  #closed = false;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** A TCP connection to loopback. */
  static async dial(port: number): Promise<Raw> {
    const socket = await Deno.connect({ port, hostname: "127.0.0.1" });
    socket.setNoDelay(true);
    return new Raw(socket);
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  async send(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    for (let at = 0; at < bytes.length;) at += await this.#stream.write(bytes.subarray(at));
  }

  /** Reads until `wanted` has come; takes everything up to its end and resolves with that. */
  async until(wanted: string): Promise<string> {
    for (;;) {
      const { text } = this;
      const at = text.indexOf(wanted);
      if (at >= 0) return this.#take(encoder.encode(text.slice(0, at + wanted.length)).length);
      if (!await within(JSON.stringify(wanted), this.#read())) {
        throw new Error(`The end came instead of ${JSON.stringify(wanted)}, after: ${text}`);
      }
    }
  }

  /** Reads until this many bytes are there, and leaves them there. */
  async count(bytes: number): Promise<void> {
    while (this.bytes.length < bytes) {
      if (!await within(`${bytes} bytes`, this.#read())) throw new Error("The end came too early");
    }
  }

  /** Reads to the end, or to where the stream breaks, and takes nothing. */
  async ended(): Promise<void> {
    while (await within("the end", this.#read()));
  }

  /** Reads to the end and takes all of it. */
  async rest(): Promise<string> {
    await this.ended();
    return this.#take(this.bytes.length);
  }

  close(): void {
    if (!this.#closed) this.#stream.close();
    this.#closed = true;
  }

  #take(count: number): string {
    const taken = new TextDecoder().decode(this.bytes.subarray(0, count));
    this.bytes = this.bytes.slice(count);
    return taken;
  }

  async #read(): Promise<boolean> {
    let count: number | null;
    try {
      count = await this.#stream.read(this.#buffer);
    } catch {
      return false;
    }
    if (count === null) return false;
    const all = new Uint8Array(this.bytes.length + count);
    all.set(this.bytes);
    all.set(this.#buffer.subarray(0, count), this.bytes.length);
    this.bytes = all;
    return true;
  }
}
