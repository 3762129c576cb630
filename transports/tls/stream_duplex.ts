import { Duplex } from "node:stream";
import type { ByteStream } from "../transport.ts";

/** The limits of a stream that Node's code reads. */
const defaults = {
  /** The read buffer of a stream that is silent, and the smallest. */
  idleReadBytes: 2 * 1024,
  /** The read buffer grows to this while it is filled: four TLS records. */
  busyReadBytes: 64 * 1024,
};

/** What comes before and after the bytes that a `StreamDuplex` passes on. */
interface StreamDuplexOptions {
  /** Bytes that were read from the stream already. */
  head?: Uint8Array;
  /** What the peer is told when the stream ends before anything else was written to it. */
  lastWords?: Uint8Array;
}

/** A `ByteStream` in the shape that Node's own modules work with. */
export class StreamDuplex extends Duplex {
  readonly #stream: ByteStream;
  #head: Uint8Array | undefined;
  #lastWords: Uint8Array | undefined;
  #buffer = new Uint8Array(defaults.idleReadBytes);
  #held = false;
  #wanted = false;

  readonly #arrived = (count: number | null): void => {
    if (count === null) {
      this.push(null);
      return;
    }
    const size = this.#buffer.length;
    const bytes = this.#buffer.slice(0, count);
    if (count === size && size < defaults.busyReadBytes) this.#buffer = new Uint8Array(size * 4);
    else if (count < size / 8) this.#buffer = new Uint8Array(defaults.idleReadBytes);
    this.push(bytes);
  };
  readonly #failed = (error: Error): void => {
    this.destroy(error);
  };

  constructor(stream: ByteStream, options: StreamDuplexOptions = {}) {
    super({ allowHalfOpen: true });
    this.#stream = stream;
    this.#head = options.head?.slice();
    this.#lastWords = options.lastWords;
    // An error without a listener would end the process. Users of this stream notice its end.
    this.on("error", ignore);
  }

  /** Reads nothing more from the stream until `release`, whatever Node asks for. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    if (this.#wanted) this._read();
  }

  override _read(): void {
    this.#wanted = this.#held;
    if (this.#held) return;
    const head = this.#head;
    this.#head = undefined;
    if (head !== undefined && head.length > 0) this.push(head);
    else this.#stream.read(this.#buffer).then(this.#arrived, this.#failed);
  }

  override _write(chunk: Uint8Array, encoding: string, done: (error?: Error) => void): void {
    this.#lastWords = undefined;
    this.#stream.write(chunk).then((count) => {
      if (count < chunk.length) this._write(chunk.subarray(count), encoding, done);
      else done();
    }, done);
  }

  override _final(done: (error?: Error) => void): void {
    this.#stream.closeWrite().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#lastWords !== undefined) this.#stream.write(this.#lastWords).catch(ignore);
    this.#stream.close();
    done(error);
  }
}

function ignore(): void {}
