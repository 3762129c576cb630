import { ProtocolError } from "./session.ts";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 as text, or undefined when the bytes are not UTF-8. A byte order mark is kept. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** A cursor over one whole packet. Reading past its end throws a `ProtocolError` with `code`. */
export class Reader {
  at = 0;

  constructor(readonly bytes: Uint8Array, readonly code: number) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  u8(): number {
    this.#need(1);
    return this.bytes[this.at++]!;
  }

  u16(): number {
    this.#need(2);
    return this.bytes[this.at++]! << 8 | this.bytes[this.at++]!;
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  /** The next `count` bytes: a view, so whoever keeps them makes a copy. */
  take(count: number): Uint8Array {
    this.#need(count);
    return this.bytes.subarray(this.at, this.at += count);
  }

  #need(count: number): void {
    if (this.left < count) {
      throw new ProtocolError(
        `Cannot read ${count} bytes at ${this.at}: the packet has ${this.bytes.length}`,
        this.code,
      );
    }
  }
}

/**
 * A copy of more than this part of a slab gets memory of its own, so that no slab is half wasted.
 */
const LARGEST_PART = 1 / 8;

/**
 * Memory that small copies are cut from: allocating each one by itself costs five times as much.
 */
class Slab {
  #bytes: Uint8Array<ArrayBuffer>;
  #used = 0;

  constructor(readonly size: number) {
    this.#bytes = new Uint8Array(size);
  }

  copy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes, { size } = this;
    if (length > size * LARGEST_PART) return bytes.slice();
    if (this.#used + length > size) {
      this.#bytes = new Uint8Array(size);
      this.#used = 0;
    }
    const out = this.#bytes.subarray(this.#used, this.#used += length);
    out.set(bytes);
    return out;
  }
}

/** 64 KiB: messages on their way are soon gone, and then the whole slab can be collected. */
const PASSING_BYTES = 64 * 1024;

/** 1 KiB: a message that is kept keeps its whole slab, the messages beside it included. */
const LASTING_BYTES = 1024;

const passing = new Slab(PASSING_BYTES), lasting = new Slab(LASTING_BYTES);

/** A copy that outlives the turn. It shares its memory with thousands of other copies. */
export function copy(bytes: Uint8Array): Uint8Array {
  return passing.copy(bytes);
}

/** A copy to be kept for long: it keeps at most a kibibyte alive beside its own bytes. */
export function lastingCopy(bytes: Uint8Array): Uint8Array {
  return lasting.copy(bytes);
}

/** True for bytes that keep no more memory alive than a `lastingCopy` does. */
export function isLasting({ length, buffer }: Uint8Array): boolean {
  return buffer.byteLength <= Math.max(LASTING_BYTES, 2 * length);
}
