import type { Segment } from "../../protocols/journal.ts";
import { type PackedMessage, PackedWriter } from "./packed.ts";
import { type Change, changeNames } from "./schema.ts";
import { Segments } from "./segments.ts";

/** A value of a change; bytes travel apart. */
export type Value = string | number | null;

/** Changes on their way to the writer: the number of each change, followed by its values. */
export interface Batch {
  readonly batch: number;
  readonly values: readonly Value[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const numbers = Object.fromEntries(changeNames.map((name, number) => [name, number])) as Record<
  Change,
  number
>;

/** Collects changes until they are sent. */
export class BatchBuilder {
  /** Changes since the last cut. */
  changes = 0;
  segments = new Segments();
  readonly #values: Value[] = [];
  readonly #bytes = new PackedWriter();
  #cut = { values: 0, bytes: 0 };

  /** The number of what is recorded next. */
  batch: number;

  constructor(readonly first: number) {
    this.batch = first;
  }

  /** True when nothing has been recorded. */
  get isEmpty(): boolean {
    return this.changes === 0 && this.batch === this.first;
  }

  /** What it costs to hand over, in bytes: each value as much as a hundred. */
  get size(): number {
    return this.#bytes.used + this.#values.length * 100;
  }

  /** What it takes until it is handed over, in bytes. */
  get memory(): number {
    return this.#bytes.used + this.#values.length * 16;
  }

  add(change: Change, values: readonly Value[]): void {
    this.changes++;
    this.#values.push(numbers[change], ...values);
  }

  /** Takes bytes over by copying them; answers the value that stands for them. */
  keep(bytes: Uint8Array): number {
    this.#bytes.raw(bytes);
    return bytes.length;
  }

  /** Ends a batch and begins the next; answers what is new, with views of the bytes. */
  cut(): Batch {
    this.segments.describe(this);
    this.segments = new Segments();
    const { values, bytes } = this.#cut, batch = this.batch++;
    this.changes = 0;
    this.#cut = { values: this.#values.length, bytes: this.#bytes.used };
    const all = this.#bytes.bytes;
    return { batch, values: this.#values.slice(values), bytes: all.subarray(bytes) };
  }

  /** All that was cut off, as one. */
  build(): Batch {
    return { batch: this.batch - 1, values: this.#values, bytes: this.#bytes.bytes };
  }

  saveSegment({ first, owner, last }: Segment, messages: Iterable<PackedMessage>): Uint8Array {
    const { used } = this.#bytes;
    this.#bytes.messages(messages, first);
    this.add("saveSegment", [first, owner, last, this.#bytes.used - used]);
    return this.#bytes.bytes.subarray(used);
  }

  endSegment({ first, last, owner, marked }: Segment): void {
    this.add("endSegment", [first]);
    if (marked) this.add("endMarks", [owner, first, last]);
  }

  endMessage(segment: Segment, number: number): void {
    segment.marked = true;
    this.add("endMessage", [segment.owner, number, segment.first]);
  }
}
