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

/** Pages that small copies are cut from: allocating each costs five times as much. */
const PAGE_BYTES = 64 * 1024;
let page = new Uint8Array(PAGE_BYTES);
let used = 0;

/** A copy that outlives the turn. Small ones share pages, so what is stored for long is `slice`d. */
export function copy(bytes: Uint8Array): Uint8Array {
  const length = bytes.length;
  if (length > PAGE_BYTES / 8) return bytes.slice();
  if (used + length > PAGE_BYTES) {
    page = new Uint8Array(PAGE_BYTES);
    used = 0;
  }
  const out = page.subarray(used, used += length);
  out.set(bytes);
  return out;
}
