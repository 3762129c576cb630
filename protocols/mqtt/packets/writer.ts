import { varintBytes, writeVarint } from "./frame.ts";

const encoder = new TextEncoder();

/** 256 bytes to begin with: room for most packets, and cheap for all. */
const FIRST_BYTES = 256;

/** Builds a packet's body. A value that is too long for its field makes it `tooLong`. */
export class Writer {
  /** True when a string, binary field or integer was longer than MQTT allows. */
  tooLong = false;
  #bytes = new Uint8Array(FIRST_BYTES);
  #at = 0;

  get length(): number {
    return this.#at;
  }

  /** A view of everything written so far. */
  get view(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  u8(value: number): void {
    this.#need(1);
    this.#bytes[this.#at++] = value;
  }

  u16(value: number): void {
    this.#need(2);
    this.#bytes[this.#at++] = value >> 8;
    this.#bytes[this.#at++] = value;
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  varint(value: number): void {
    this.#need(4);
    if (varintBytes(value) > 4) this.tooLong = true;
    else this.#at = writeVarint(this.#bytes, this.#at, value);
  }

  raw(bytes: Uint8Array): void {
    this.#need(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  binary(bytes: Uint8Array): void {
    if (bytes.length > 0xffff) this.tooLong = true;
    else {
      this.u16(bytes.length);
      this.raw(bytes);
    }
  }

  text(text: string): void {
    // UTF-8 takes at most three bytes for one UTF-16 unit.
    this.#need(2 + Math.min(text.length, 0xffff) * 3);
    const start = this.#at + 2;
    const { read, written } = encoder.encodeInto(text, this.#bytes.subarray(start));
    if (read < text.length || written > 0xffff) {
      this.tooLong = true;
      return;
    }
    this.u16(written);
    this.#at += written;
  }

  #need(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + count));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}
