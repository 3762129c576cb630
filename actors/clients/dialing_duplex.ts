import { StreamDuplex } from "../../transports/tls/stream_duplex.ts";
import type { ByteStream } from "../../transports/transport.ts";
import type { Dial } from "./dial.ts";

/** A stream that npm:mqtt can use at once, though it is still being dialled. */
export function dialingDuplex(dial: Dial): DialingDuplex {
  return new DialingDuplex(new DialingStream(dial));
}

/** Joins what Node's code writes in many small pieces, and ends when the peer does. */
class DialingDuplex extends StreamDuplex {
  constructor(stream: ByteStream) {
    super(stream);
    // Nobody would read what is left to say to a peer that has hung up.
    this.once("end", () => this.destroy());
  }

  override _writev(
    chunks: { chunk: Uint8Array; encoding: string }[],
    done: (error?: Error | null) => void,
  ): void {
    let size = 0;
    for (const { chunk } of chunks) size += chunk.length;
    const joined = new Uint8Array(size);
    let at = 0;
    for (const { chunk } of chunks) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    this._write(joined, "buffer", done);
  }
}

/** A stream that is being dialled: reads and writes wait for it. */
class DialingStream implements ByteStream {
  readonly #coming: Promise<ByteStream>;
  readonly #given = new AbortController();
  #stream: ByteStream | undefined;

  constructor(dial: Dial) {
    this.#coming = dial(this.#given.signal);
    this.#coming.then((stream) => {
      this.#stream = stream;
      if (this.#given.signal.aborted) stream.close();
    }, () => {});
  }

  get peer(): string {
    return this.#stream?.peer ?? "";
  }

  get secure(): boolean {
    return this.#stream?.secure ?? false;
  }

  read(into: Uint8Array): Promise<number | null> {
    const stream = this.#stream;
    return stream ? stream.read(into) : this.#coming.then((stream) => stream.read(into));
  }

  write(bytes: Uint8Array): Promise<number> {
    const stream = this.#stream;
    return stream ? stream.write(bytes) : this.#coming.then((stream) => stream.write(bytes));
  }

  closeWrite(): Promise<void> {
    return this.#coming.then((stream) => stream.closeWrite());
  }

  close(): void {
    this.#given.abort();
    this.#stream?.close();
  }
}
