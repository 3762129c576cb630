/** One value as the distinguished encoding rules of ASN.1 write it (X.690). */
export interface DerValue {
  readonly tag: number;
  /** What is inside. */
  readonly body: Uint8Array;
  /** All of it, as it was signed. */
  readonly raw: Uint8Array;
}

/** The tags that certificates and revocation lists are made of. */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A tag of one's own around a value. */
export function explicitTag(number: number): number {
  return 0xa0 | number;
}

/** Reads values one after the other. What is not DER throws. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Whether the next value has this tag. */
  sees(...tags: number[]): boolean {
    return !this.isDone && tags.includes(this.#bytes[this.#at]!);
  }

  /** The next value, which must have one of these tags. */
  take(what: string, ...tags: number[]): DerValue {
    if (!this.sees(...tags)) {
      const instead = this.isDone ? "the end" : `a value of type ${this.#bytes[this.#at]}`;
      throw new Error(`${what} is missing: ${instead} is in its place`);
    }
    const bytes = this.#bytes, from = this.#at, start = from + 2;
    let length = bytes[from + 1] ?? cut(what), begin = start;
    if (length >= 0x80) {
      const digits = length & 0x7f;
      // Indefinite lengths are BER; four digits are more than any file has bytes.
      if (digits === 0 || digits > 4) throw new Error(`${what} has a length that is not DER`);
      length = 0;
      for (begin = start; begin < start + digits; begin++) {
        length = length * 256 + (bytes[begin] ?? cut(what));
      }
      if (length < 0x80 || length < 256 ** (digits - 1)) {
        throw new Error(`${what} has a length that is not DER`);
      }
    }
    const end = begin + length;
    if (end > bytes.length) cut(what);
    this.#at = end;
    return { tag: bytes[from]!, body: bytes.subarray(begin, end), raw: bytes.subarray(from, end) };
  }

  /** A reader of what is inside the next value. */
  open(what: string, tag: number = Tag.sequence): DerReader {
    return new DerReader(this.take(what, tag).body);
  }

  /** The body of the next value if it has this tag. */
  maybe(what: string, tag: number): Uint8Array | undefined {
    return this.sees(tag) ? this.take(what, tag).body : undefined;
  }

  /** Throws unless everything has been read. */
  finish(what: string): void {
    if (!this.isDone) throw new Error(`there is more in ${what} than belongs there`);
  }
}

function cut(what: string): never {
  throw new Error(`${what} is cut off`);
}

/** An OBJECT IDENTIFIER, such as `2.5.4.3`. */
export function objectIdOf(body: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of body) {
    arc = arc * 128 + (byte & 127);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw new Error("an object identifier is too long");
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  if (arcs.length === 0 || body.at(-1)! >= 0x80) throw new Error("an object identifier is cut off");
  const [first = 0, ...rest] = arcs, root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join(".");
}

/** An INTEGER in hexadecimal digits, as certificates' serial numbers are shown. */
export function integerOf(body: Uint8Array): string {
  if (body.length === 0) throw new Error("a number has no digits");
  let from = 0;
  while (from < body.length - 1 && body[from] === 0) from++;
  return body.subarray(from).toHex().toUpperCase();
}

/** A time as certificates have it (RFC 5280 §4.1.2.5), in milliseconds since 1970. */
export function timeOf({ tag, body }: DerValue): number {
  const text = new TextDecoder().decode(body), isShort = tag === Tag.utcTime;
  const found = /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (found === null || found[1]!.length !== (isShort ? 2 : 4)) {
    throw new Error("a time is not UTC");
  }
  const [digits = 0, month = 0, day = 0, hour, minute, second] = found.slice(1).map(Number);
  // Two digits stand for 1950 to 2049.
  const year = isShort ? digits + (digits < 50 ? 2000 : 1900) : digits;
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  if (new Date(time).getUTCDate() !== day) throw new Error("a time is not in the calendar");
  return time;
}

/** A BIT STRING of whole bytes. */
export function bitsOf(body: Uint8Array): Uint8Array {
  if (body[0] !== 0) throw new Error("a bit string is not of whole bytes");
  return body.subarray(1);
}
