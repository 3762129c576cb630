import { Reader, utf8 } from "./bytes.ts";
import { ProtocolError } from "./session.ts";

/** The key of a map entry. */
type CborKey = number | string;

/** One data item (RFC 8949), of the kinds that we use. */
export type CborValue =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | Tagged
  | readonly CborValue[]
  | ReadonlyMap<CborKey, CborValue>;

/** A value whose tag says what it means (RFC 8949 §3.4): tag 1 is for seconds since 1970. */
export class Tagged {
  constructor(readonly tag: number, readonly value: CborValue) {}
}

/** 8 levels of items inside each other: configurations have 2, and each level is a recursion. */
const MAX_DEPTH = 8;
/** 1,024 items in all: one byte can make an item, and an item takes far more memory than a byte. */
const MAX_ITEMS = 1024;

/** Major types: the upper three bits of the byte that begins an item (RFC 8949 §3.1). */
export const Major = {
  unsigned: 0,
  negative: 1,
  bytes: 2,
  text: 3,
  array: 4,
  map: 5,
  tag: 6,
  other: 7,
};

/**
 * Reads the only item of `bytes`. Throws a `ProtocolError` with `code` for what is not well-formed
 * or not valid, and for what nobody here would use: items of indefinite length, integers beyond
 * 2^53, keys that are neither integers nor text. Byte strings are views.
 */
export function decodeCbor(bytes: Uint8Array, code: number): CborValue {
  const decoder = new Decoder(bytes, code), value = decoder.item(1);
  if (decoder.reader.left > 0) {
    throw new ProtocolError(`Cannot read CBOR: ${decoder.reader.left} bytes follow the item`, code);
  }
  return value;
}

class Decoder {
  readonly reader: Reader;
  #items = 0;

  constructor(bytes: Uint8Array, readonly code: number) {
    this.reader = new Reader(bytes, code);
  }

  item(depth: number): CborValue {
    if (depth > MAX_DEPTH) this.#fail(`it has more than ${MAX_DEPTH} levels`);
    if (++this.#items > MAX_ITEMS) this.#fail(`it has more than ${MAX_ITEMS} items`);
    const head = this.reader.u8(), major = head >> 5, info = head & 31;
    if (major === Major.other) return this.#other(info);
    const argument = this.#argument(info);
    switch (major) {
      case Major.unsigned:
        return argument;
      case Major.negative:
        return this.#safe(-1 - argument);
      case Major.bytes:
        return this.reader.take(argument);
      case Major.text:
        return utf8(this.reader.take(argument)) ?? this.#fail("a text is not UTF-8");
      case Major.array:
        return this.#array(argument, depth + 1);
      case Major.map:
        return this.#map(argument, depth + 1);
    }
    return new Tagged(argument, this.item(depth + 1));
  }

  #array(length: number, depth: number): CborValue[] {
    const items: CborValue[] = [];
    // The peer can announce any length, so no room is made for it in advance.
    for (let i = 0; i < length; i++) items.push(this.item(depth));
    return items;
  }

  #map(size: number, depth: number): Map<CborKey, CborValue> {
    const entries = new Map<CborKey, CborValue>();
    for (let i = 0; i < size; i++) {
      const key = this.item(depth);
      if (typeof key !== "string" && !Number.isInteger(key)) {
        this.#fail("a key is neither an integer nor text");
      }
      // RFC 8949 §5.6: of a key that is there twice, another reader may see the other value.
      if (entries.has(key as CborKey)) this.#fail(`the key ${key} is there twice`);
      entries.set(key as CborKey, this.item(depth));
    }
    return entries;
  }

  #argument(info: number): number {
    const { reader } = this;
    if (info < 24) return info;
    if (info === 24) return reader.u8();
    if (info === 25) return reader.u16();
    if (info === 26) return reader.u32();
    if (info === 27) return this.#safe(reader.u32() * 2 ** 32 + reader.u32());
    if (info === 31) this.#fail("an item has no definite length");
    this.#fail(`${info} is reserved for items to come`);
  }

  /** Simple values and numbers with fractions (RFC 8949 §3.3). */
  #other(info: number): CborValue {
    if (info === 20 || info === 21) return info === 21;
    if (info === 22) return null;
    if (info === 25) return half(this.reader.u16());
    if (info !== 26 && info !== 27) this.#fail(`${info} is no simple value that means something`);
    const bytes = this.reader.take(info === 26 ? 4 : 8);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return info === 26 ? view.getFloat32(0) : view.getFloat64(0);
  }

  #safe(integer: number): number {
    if (!Number.isSafeInteger(integer)) this.#fail("an integer is beyond 2^53");
    return integer;
  }

  #fail(reason: string): never {
    throw new ProtocolError(`Cannot read CBOR: ${reason}`, this.code);
  }
}

/** The value of a half-precision float (RFC 8949, appendix D). */
function half(bits: number): number {
  const exponent = bits >> 10 & 31, fraction = bits & 1023, sign = bits >> 15 === 0 ? 1 : -1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
