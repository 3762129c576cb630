import { type Change, changeNames } from "./schema.ts";

/** A value of a change; bytes travel apart. */
export type Value = string | number | null;

/** Changes on their way to the writer: numbers of changes and their values, one after the other. */
export interface Batch {
  readonly batch: number;
  readonly values: readonly Value[];
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly changes: number;
}

const numbers = Object.fromEntries(changeNames.map((name, number) => [name, number])) as Record<
  Change,
  number
>;

const FIRST_BYTES = 16 << 10;

/** Collects changes until they are sent. */
export class BatchBuilder {
  changes = 0;
  #values: Value[] = [];
  #bytes = new Uint8Array(FIRST_BYTES);
  #used = 0;

  constructor(readonly batch: number) {}

  /** Bytes of payloads that it holds. */
  get size(): number {
    return this.#used;
  }

  add(change: Change, values: readonly Value[]): void {
    this.changes++;
    this.#values.push(numbers[change], ...values);
  }

  /** Takes bytes over by copying them; answers the value that stands for them. */
  keep(bytes: Uint8Array): number {
    const end = this.#used + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#used);
    this.#used = end;
    return bytes.length;
  }

  build(): Batch {
    const bytes = this.#bytes.subarray(0, this.#used);
    return { batch: this.batch, values: this.#values, bytes, changes: this.changes };
  }
}
