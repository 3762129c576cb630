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

/** A cursor over one whole packet. Reading past its end is the peer's fault. */
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

  /** A view: copy what is kept. */
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

/** Bytes that wait for what follows them. */
export class ByteQueue {
  #bytes = new Uint8Array(0);

  get size(): number {
    return this.#bytes.length;
  }

  /** What waits, followed by `bytes`. A view of one or the other where possible. */
  join(bytes: Uint8Array): Uint8Array {
    if (this.#bytes.length === 0) return bytes;
    if (bytes.length === 0) return this.#bytes;
    const joined = new Uint8Array(this.#bytes.length + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, this.#bytes.length);
    return joined;
  }

  /** Keeps a copy of `rest` for the next `join`. */
  keep(rest: Uint8Array): void {
    this.#bytes = rest.slice();
  }
}

/** Memory that small copies are cut from: to allocate each costs five times as much. */
class Slab {
  #bytes: Uint8Array<ArrayBuffer>;
  #used = 0;

  constructor(readonly size: number) {
    this.#bytes = new Uint8Array(size);
  }

  copy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes, { size } = this;
    if (length > size / 8) return bytes.slice();
    if (this.#used + length > size) {
      this.#bytes = new Uint8Array(size);
      this.#used = 0;
    }
    const out = this.#bytes.subarray(this.#used, this.#used += length);
    out.set(bytes);
    return out;
  }
}

/** What one message that stays may keep of others. */
const LASTING_BYTES = 1024;

const passing = new Slab(64 * 1024), lasting = new Slab(LASTING_BYTES);

/** A copy that outlives the turn, and shares its memory with thousands of others. */
export function copy(bytes: Uint8Array): Uint8Array {
  return passing.copy(bytes);
}

/** A copy for long: it keeps little memory beside its own. */
export function lastingCopy(bytes: Uint8Array): Uint8Array {
  return lasting.copy(bytes);
}

/** True for what keeps little memory beside its own. */
export function isLasting({ length, buffer }: Uint8Array): boolean {
  return buffer.byteLength <= Math.max(LASTING_BYTES, 2 * length);
}
