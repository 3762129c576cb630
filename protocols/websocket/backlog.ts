/** The first room of a backlog: a small message grows at most once or twice. */
const FIRST_BYTES = 512;

/** Bytes that wait for what follows them. Adding to it costs no more than the bytes added. */
export class Backlog {
  #bytes = new Uint8Array(0);
  #from = 0;
  #to = 0;

  get size(): number {
    return this.#to - this.#from;
  }

  /** All that waits: valid until the next change. */
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

  /** Removes everything, which stays readable for those who hold its view. */
  clear(): void {
    this.#bytes = new Uint8Array(0);
    this.#from = this.#to = 0;
  }

  #grow(more: number): void {
    const size = this.size;
    // Doubling what is there, not what was announced: memory costs the peer as many bytes sent.
    const grown = new Uint8Array(Math.max(FIRST_BYTES, 2 * size, size + more));
    grown.set(this.view);
    this.#bytes = grown;
    this.#from = 0;
    this.#to = size;
  }
}
