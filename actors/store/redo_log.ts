import { crc32 } from "node:zlib";
import type { Batch } from "./batch.ts";

/** 16 MiB for each half of the file: one is filled while the writer writes what the other holds. */
const HALF_BYTES = 16 << 20;

/** Before each batch: checksum of all that follows, length of its values and of its bytes, number. */
const HEAD_BYTES = 20;

const encoder = new TextEncoder(), decoder = new TextDecoder();

/**
 * Batches on their way to the database, in a file. What is in it survives the end of the process,
 * so that a publisher need not wait for a transaction in another thread; after a crash the
 * transaction is redone from here.
 */
export class RedoLog {
  readonly #file: Deno.FsFile;
  #half = 0;
  #at = 0;
  /** Where the next write goes by itself; below 0 when that is not known. */
  #position = 0;
  /** The last batch in each half. */
  readonly #last = [0, 0];
  #scratch = new Uint8Array(64 << 10);

  constructor(
    readonly path: string,
    /** What the store is known by: another's batches are none of ours. */
    readonly id: number,
  ) {
    this.#file = Deno.openSync(path, { create: true, write: true, truncate: true });
  }

  /** False when there is no room for a batch: the database has to have it first. */
  append({ batch, values, bytes }: Batch, written: number): boolean {
    const text = JSON.stringify(values);
    const record = this.#record(HEAD_BYTES + text.length * 3 + bytes.length);
    const length = encoder.encodeInto(text, record.subarray(HEAD_BYTES)).written;
    const size = HEAD_BYTES + length + bytes.length;
    if (this.#at + size > HALF_BYTES && !this.#turn(written)) return false;
    if (size > HALF_BYTES) return false;
    record.set(bytes, HEAD_BYTES + length);
    const view = new DataView(record.buffer);
    view.setUint32(4, length);
    view.setUint32(8, bytes.length);
    view.setFloat64(12, batch);
    view.setUint32(0, crc32(record.subarray(4, size), this.id));
    if (!this.#write(record.subarray(0, size))) return false;
    this.#last[this.#half] = batch;
    return true;
  }

  /** Ends, and leaves nothing that would have to be redone. */
  remove(): void {
    this.#file.close();
    try {
      Deno.removeSync(this.path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Ends with what is still to be redone. */
  close(): void {
    this.#file.close();
  }

  /** Goes on in the other half, once the database has what is there. */
  #turn(written: number): boolean {
    const other = 1 - this.#half;
    if (this.#last[other]! > written) return false;
    this.#half = other;
    this.#at = 0;
    return true;
  }

  #record(atMost: number): Uint8Array<ArrayBuffer> {
    if (atMost <= this.#scratch.length) return this.#scratch;
    const large = new Uint8Array(atMost);
    if (atMost <= 1 << 20) this.#scratch = large;
    return large;
  }

  #write(bytes: Uint8Array): boolean {
    try {
      const from = this.#half * HALF_BYTES + this.#at;
      if (this.#position !== from) this.#file.seekSync(from, Deno.SeekMode.Start);
      this.#position = -1;
      for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
      this.#position = from + bytes.length;
      this.#at += bytes.length;
      return true;
    } catch {
      // Full or broken: what the database says of its own attempt is heard.
      return false;
    }
  }
}

/** What a file holds of the store `id` behind the batch `after`, without a gap, oldest first. */
export function batchesIn(file: Uint8Array, id: number, after: number): Batch[] {
  const found = new Map<number, Batch>();
  for (const half of [file.subarray(0, HALF_BYTES), file.subarray(HALF_BYTES)]) {
    for (const each of recordsIn(half, id)) found.set(each.batch, each);
  }
  const batches: Batch[] = [];
  for (let next = found.get(after + 1); next !== undefined; next = found.get(next.batch + 1)) {
    batches.push(next);
  }
  return batches;
}

function* recordsIn(half: Uint8Array, id: number): Generator<Batch> {
  const view = new DataView(half.buffer, half.byteOffset, half.length);
  for (let at = 0; at + HEAD_BYTES <= half.length;) {
    const text = at + HEAD_BYTES, bytes = text + view.getUint32(at + 4);
    const end = bytes + view.getUint32(at + 8);
    // The rest is of an earlier round, or was never finished.
    if (end > half.length || view.getUint32(at) !== crc32(half.subarray(at + 4, end), id)) return;
    yield {
      batch: view.getFloat64(at + 12),
      values: JSON.parse(decoder.decode(half.subarray(text, bytes))),
      bytes: half.slice(bytes, end),
    };
    at = end;
  }
}
