/** 2 KiB of room for a body at first: two of the largest blocks. */
const FIRST_BYTES = 2048;

/** Puts a body together, whose blocks come one after the other. */
export class Assembly {
  #bytes = new Uint8Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes of memory that it takes, with the room for more. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** The whole body, without the room for more. */
  take(): Uint8Array {
    return this.#size === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#size);
  }

  append(block: Uint8Array): void {
    const size = this.#size + block.length;
    if (size > this.#bytes.length) {
      // Twice what is there, whatever was announced: the peer has to send the bytes that memory
      // costs.
      const grown = new Uint8Array(Math.max(FIRST_BYTES, 2 * this.#size, size));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(block, this.#size);
    this.#size = size;
  }
}
