import type { ByteStream } from "./transport.ts";

/** A stream from which more was read than was used: what is left, `prefix`, is read first. */
export class PrefixedStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #peer: string | undefined;
  #prefix: Uint8Array;

  /** `peer` takes the place of the stream's own. */
  constructor(stream: ByteStream, prefix: Uint8Array, peer?: string) {
    this.#stream = stream;
    this.#prefix = prefix;
    this.#peer = peer;
  }

  get peer(): string {
    return this.#peer ?? this.#stream.peer;
  }

  get secure(): boolean {
    return this.#stream.secure;
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#prefix.length === 0) return this.#stream.read(into);
    const count = Math.min(into.length, this.#prefix.length);
    into.set(this.#prefix.subarray(0, count));
    this.#prefix = this.#prefix.subarray(count);
    return Promise.resolve(count);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#stream.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#stream.closeWrite();
  }

  close(): void {
    this.#stream.close();
  }
}
