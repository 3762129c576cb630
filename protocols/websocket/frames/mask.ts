/** For fewer than 128 bytes, making a view of words costs more than it saves. */
const WORDS_FROM = 128;

/**
 * Masks or unmasks in place (RFC 6455 §5.3). The first byte meets the key's lowest eight bits.
 * Words are read in the order of the machine, which is little-endian wherever Deno runs.
 */
export function unmask(bytes: Uint8Array, key: number): void {
  if (key === 0) return;
  const length = bytes.length;
  let at = 0;
  if (length >= WORDS_FROM) {
    const head = -bytes.byteOffset & 7;
    for (; at < head; at++) bytes[at]! ^= rotate(key, at);
    key = rotate(key, head);
    const count = (length - head) >> 3;
    const words = new BigUint64Array(bytes.buffer, bytes.byteOffset + head, count);
    const half = BigInt(key >>> 0);
    const both = half << 32n | half;
    // `asUintN` tells the compiler that 64 bits are enough: the loop then allocates nothing.
    for (let word = 0; word < count; word++) {
      words[word] = BigInt.asUintN(64, words[word]! ^ both);
    }
    at = head + (count << 3);
  }
  for (; at + 4 <= length; at += 4) {
    bytes[at]! ^= key;
    bytes[at + 1]! ^= key >>> 8;
    bytes[at + 2]! ^= key >>> 16;
    bytes[at + 3]! ^= key >>> 24;
  }
  for (let rest = key; at < length; at++, rest >>>= 8) bytes[at]! ^= rest;
}

/** The key for the bytes that follow `count` bytes. */
export function rotate(key: number, count: number): number {
  const bits = (count & 3) << 3;
  return key >>> bits | key << (32 - bits);
}
