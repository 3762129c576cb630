/** 512 bytes of room at first, so that for a small message it grows once or twice at most. */
const FIRST_BYTES = 512;

/** Bytes that wait for those that follow. Adding costs a constant time for each byte. */
export class Backlog {
  #bytes = new Uint8Array(0);
  #from = 0;
  #to = 0;

  get size(): number {
    return this.#to - this.#from;
  }

  /** All bytes that wait: a view, valid until the next change. */
  get view(): Uint8Array {
    return this.#bytes.subarray(this.#from, this.#to);
  }

  /** Adds a copy of `bytes` at the end. */
  append(bytes: Uint8Array): void {
    if (this.#to + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#to);
    this.#to += bytes.length;
  }

  /** Removes bytes from the front. Memory is given back once nothing waits. */
  drop(count: number): void {
    this.#from += count;
    if (this.#from === this.#to) this.clear();
  }

  /** Removes bytes from the end. */
  truncate(count: number): void {
    this.#to -= count;
    if (this.#from === this.#to) this.clear();
  }

  /** Removes everything. A view that somebody holds stays as it is. */
  clear(): void {
    this.#bytes = new Uint8Array(0);
    this.#from = this.#to = 0;
  }

  #grow(more: number): void {
    const size = this.size;
    // Twice what is there, whatever was announced: the peer has to send the bytes that memory
    // costs.
    const grown = new Uint8Array(Math.max(FIRST_BYTES, 2 * size, size + more));
    grown.set(this.view);
    this.#bytes = grown;
    this.#from = 0;
    this.#to = size;
  }
}
