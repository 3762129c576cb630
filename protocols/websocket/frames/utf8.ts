import { isUtf8 } from "node:buffer";

// States. The names say how many more bytes the character needs, or which first byte it began with
// where that restricts the second.
const whole = 0, one = 1, two = 2, three = 3;
const afterE0 = 4, afterED = 5, afterF0 = 6, afterF4 = 7;
const broken = 8;

/** In a state, the bytes of a range lead to the next state (RFC 3629 §4). */
const ranges: readonly (readonly [state: number, from: number, to: number, next: number])[] = [
  [whole, 0x00, 0x7f, whole],
  [whole, 0xc2, 0xdf, one],
  [whole, 0xe0, 0xe0, afterE0],
  [whole, 0xe1, 0xec, two],
  [whole, 0xed, 0xed, afterED],
  [whole, 0xee, 0xef, two],
  [whole, 0xf0, 0xf0, afterF0],
  [whole, 0xf1, 0xf3, three],
  [whole, 0xf4, 0xf4, afterF4],
  [one, 0x80, 0xbf, whole],
  [two, 0x80, 0xbf, one],
  [three, 0x80, 0xbf, two],
  [afterE0, 0xa0, 0xbf, one],
  [afterED, 0x80, 0x9f, one],
  [afterF0, 0x90, 0xbf, two],
  [afterF4, 0x80, 0x8f, two],
];

const transitions = new Uint8Array(9 * 256).fill(broken);
for (const [state, from, to, next] of ranges) {
  transitions.fill(next, state << 8 | from, (state << 8 | to) + 1);
}

/** From 64 bytes on, the built-in check is faster than the table. */
const BULK_BYTES = 64;

/** Checks UTF-8 that comes in pieces, as early as a fault shows (RFC 6455 §8.1). */
export class Utf8Check {
  #state = whole;

  /** True when the pieces so far end at the end of a character. */
  get whole(): boolean {
    return this.#state === whole;
  }

  /** Takes the next piece; false as soon as no following piece can make it UTF-8. */
  push(bytes: Uint8Array): boolean {
    let at = 0;
    if (bytes.length >= BULK_BYTES) {
      while (this.#state !== whole && this.#state !== broken) this.#step(bytes[at++]!);
      if (this.#state === broken) return false;
      const end = lastCharacter(bytes);
      if (!isUtf8(bytes.subarray(at, end))) {
        this.#state = broken;
        return false;
      }
      at = end;
    }
    for (; at < bytes.length; at++) this.#step(bytes[at]!);
    return this.#state !== broken;
  }

  #step(byte: number): void {
    this.#state = transitions[this.#state << 8 | byte]!;
  }
}

/** Where the last character begins, if it may be cut off; else the end. */
function lastCharacter(bytes: Uint8Array): number {
  const end = bytes.length;
  for (let at = end - 1; at >= end - 3; at--) {
    if (bytes[at]! >= 0xc0) return at;
    if (bytes[at]! < 0x80) break;
  }
  return end;
}
