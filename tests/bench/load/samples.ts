/** Latencies in microseconds, four bytes each. */
export class Samples {
  #values = new Uint32Array(65536);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(microseconds: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Uint32Array(2 * this.#count);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = microseconds;
  }

  get mean(): number {
    let sum = 0;
    for (let i = 0; i < this.#count; i++) sum += this.#values[i]!;
    return this.#count === 0 ? 0 : sum / this.#count;
  }

  /** The value below which this part of all lies; 0 when there are none. */
  quantile(part: number): number {
    const sorted = this.#sorted();
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  }

  #sorted(): Uint32Array {
    return this.#values.subarray(0, this.#count).sort();
  }
}
