/** Encodes values by the distinguished encoding rules of ASN.1 (X.690). */

type Bytes = Uint8Array;

/** SEQUENCE. */
export function sequence(...parts: Bytes[]): Bytes {
  return tagged(0x30, ...parts);
}

/** SET. */
export function set(...parts: Bytes[]): Bytes {
  return tagged(0x31, ...parts);
}

/** INTEGER that is not negative; its bytes, the most significant first. */
export function integer(bytes: Bytes): Bytes {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  const digits = bytes.subarray(from);
  // The first bit is the sign: a zero byte goes before a number in which it is set.
  return tagged(0x02, digits[0]! >= 0x80 ? join([Uint8Array.of(0), digits]) : digits);
}

/** BOOLEAN true. There is no function for false: a field that is false by default is left out. */
export function yes(): Bytes {
  return Uint8Array.of(0x01, 1, 0xff);
}

/** BIT STRING; `unused` bits at its end do not count. */
export function bitString(bytes: Bytes, unused = 0): Bytes {
  return tagged(0x03, Uint8Array.of(unused), bytes);
}

/** OCTET STRING. */
export function octetString(bytes: Bytes): Bytes {
  return tagged(0x04, bytes);
}

/** UTF8String. */
export function utf8String(text: string): Bytes {
  return tagged(0x0c, new TextEncoder().encode(text));
}

/** OBJECT IDENTIFIER, such as `2.5.4.3`. */
export function objectId(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const digits = [arc & 127];
    for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift(left & 127 | 128);
    bytes.push(...digits);
  }
  return tagged(0x06, Uint8Array.from(bytes));
}

/** A time as certificates have it (RFC 5280 §4.1.2.5). */
export function time(at: Date): Bytes {
  const digits = at.toISOString().replace(/[-:T]|\.\d+/g, "");
  // Until 2049 the year has two digits.
  const isShort = at.getUTCFullYear() < 2050;
  const text = new TextEncoder().encode(isShort ? digits.slice(2) : digits);
  return tagged(isShort ? 0x17 : 0x18, text);
}

/** A value in a context-specific tag of its own. */
export function explicit(number: number, part: Bytes): Bytes {
  return tagged(0xa0 | number, part);
}

/** A value whose tag is replaced by a context-specific one. */
export function implicit(number: number, bytes: Bytes): Bytes {
  return tagged(0x80 | number, bytes);
}

function tagged(tag: number, ...parts: Bytes[]): Bytes {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const size: number[] = [];
  if (length < 0x80) size.push(length);
  else {
    for (let left = length; left > 0; left >>>= 8) size.unshift(left & 255);
    size.unshift(0x80 | size.length);
  }
  return join([Uint8Array.of(tag, ...size), ...parts]);
}

function join(parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
