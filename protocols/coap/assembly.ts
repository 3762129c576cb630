/** The first room of a body. */
const FIRST_BYTES = 2048;

/** A body whose blocks arrive one after the other. */
export class Assembly {
  #bytes = new Uint8Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes of memory that it takes. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** The whole of it, without the room for more. */
  take(): Uint8Array {
    return this.#size === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#size);
  }

  append(block: Uint8Array): void {
    const size = this.#size + block.length;
    if (size > this.#bytes.length) {
      // Doubling what is there, not what was announced: memory costs the peer as many bytes sent.
      const grown = new Uint8Array(Math.max(FIRST_BYTES, 2 * this.#size, size));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(block, this.#size);
    this.#size = size;
  }
}
