import { type CborValue, Major, Tagged } from "./cbor.ts";

const encoder = new TextEncoder();

/** Writes an item in its shortest form, keys in the order of the map. */
export function encodeCbor(value: CborValue): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writer.item(value);
  return writer.bytes;
}

class Writer {
  #bytes = new Uint8Array(64);
  #at = 0;

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }

  item(value: CborValue): void {
    if (typeof value === "number") return this.#number(value);
    if (typeof value === "string") return this.#string(Major.text, encoder.encode(value));
    if (value instanceof Uint8Array) return this.#string(Major.bytes, value);
    if (typeof value === "boolean" || value === null) {
      this.#head(Major.other, value === null ? 22 : value ? 21 : 20);
    } else if (value instanceof Tagged) {
      this.#head(Major.tag, value.tag);
      this.item(value.value);
    } else if (value instanceof Map) {
      this.#head(Major.map, value.size);
      for (const entry of value) for (const each of entry) this.item(each);
    } else {
      const items = value as readonly CborValue[];
      this.#head(Major.array, items.length);
      for (const each of items) this.item(each);
    }
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      const view = this.#room(9);
      view.setUint8(0, Major.other << 5 | 27);
      view.setFloat64(1, value);
    } else if (value < 0) this.#head(Major.negative, -1 - value);
    else this.#head(Major.unsigned, value);
  }

  #string(major: number, bytes: Uint8Array): void {
    this.#head(major, bytes.length);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at - bytes.length);
  }

  /** Writes what begins an item: its major type, and its value or length (RFC 8949 §3). */
  #head(major: number, argument: number): void {
    const kind = major << 5;
    if (argument < 24) return this.#room(1).setUint8(0, kind | argument);
    const [info, size] = argument < 0x100
      ? [24, 1]
      : argument < 0x10000
      ? [25, 2]
      : argument < 2 ** 32
      ? [26, 4]
      : [27, 8];
    const view = this.#room(1 + size);
    view.setUint8(0, kind | info);
    if (size === 1) view.setUint8(1, argument);
    else if (size === 2) view.setUint16(1, argument);
    else if (size === 4) view.setUint32(1, argument);
    else view.setBigUint64(1, BigInt(argument));
  }

  /** Appends `count` bytes, for the caller to fill in. */
  #room(count: number): DataView {
    const at = this.#at, end = this.#at += count;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return new DataView(this.#bytes.buffer, at, count);
  }
}
