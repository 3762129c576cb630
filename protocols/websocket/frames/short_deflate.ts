/**
 * DEFLATE (RFC 1951) with fixed codes, for short messages that refer to the ones before them. zlib
 * can do that only with a compressor of many KiB that is kept for each connection.
 */

/** 8 KiB: longer messages gain little from those before them, and zlib compresses them better. */
export const SHORT_BYTES = 8 * 1024;

const WINDOW_BYTES = 1 << 15;
const MIN_MATCH = 3, MAX_MATCH = 258;
/** At most 12 earlier places are compared with each: more takes longer and finds little. */
const MAX_CHAIN = 12;
/** For a match of 64 bytes no longer one is searched. */
const GOOD_MATCH = 64;
const HASH_BITS = 12;

const data = new Uint8Array(WINDOW_BYTES + SHORT_BYTES);
/**
 * The latest place of each hash of three bytes; and for each place, the one before of that hash.
 */
const head = new Int32Array(1 << HASH_BITS);
const previous = new Int32Array(data.length);
const out = new Uint8Array(SHORT_BYTES);

/** The code of each length, the first value of each code, and its extra bits (RFC 1951 §3.2.5). */
const lengthCode = new Uint16Array(MAX_MATCH + 1);
const lengthBase = new Uint16Array(29), lengthExtra = new Uint8Array(29);
const distanceBase = new Uint16Array(30), distanceExtra = new Uint8Array(30);
for (let code = 0, length = MIN_MATCH; code < 28; code++) {
  lengthExtra[code] = code < 8 ? 0 : (code >> 2) - 1;
  lengthBase[code] = length;
  for (let count = 1 << lengthExtra[code]!; count > 0; count--) lengthCode[length++] = code;
}
lengthCode[MAX_MATCH] = 28;
lengthBase[28] = MAX_MATCH;
for (let code = 0, distance = 1; code < 30; code++) {
  distanceExtra[code] = code < 4 ? 0 : (code >> 1) - 1;
  distanceBase[code] = distance;
  distance += 1 << distanceExtra[code]!;
}

/** The fixed codes, their bits reversed as they have to be written (RFC 1951 §3.2.6). */
const literalBits = new Uint16Array(288), literalSize = new Uint8Array(288);
for (let symbol = 0; symbol < 288; symbol++) {
  const [size, code] = symbol < 144
    ? [8, 0x30 + symbol]
    : symbol < 256
    ? [9, 0x190 + symbol - 144]
    : symbol < 280
    ? [7, symbol - 256]
    : [8, 0xc0 + symbol - 280];
  literalSize[symbol] = size;
  literalBits[symbol] = reversed(code, size);
}
const distanceBits = Uint8Array.from({ length: 30 }, (_, code) => reversed(code, 5));

function reversed(code: number, size: number): number {
  let result = 0;
  for (let bit = 0; bit < size; bit++) result |= (code >> bit & 1) << (size - 1 - bit);
  return result;
}

let bitBuffer = 0, bitCount = 0, written = 0;

function put(bits: number, count: number): void {
  bitBuffer |= bits << bitCount;
  bitCount += count;
  while (bitCount >= 8) {
    // Writing beyond the end does nothing: the result is longer than the message then, and not
    // used.
    out[written++] = bitBuffer;
    bitBuffer >>>= 8;
    bitCount -= 8;
  }
}

/**
 * Compresses a message of at most `SHORT_BYTES`, with references of up to `windowBytes` back, into
 * `window` too. The four bytes that senders leave out are left out. Undefined when it gets no
 * shorter.
 */
export function deflateShort(
  window: Uint8Array,
  message: Uint8Array,
  windowBytes: number,
): Uint8Array | undefined {
  const from = window.length, end = from + message.length;
  data.set(window);
  data.set(message, from);
  head.fill(-1);
  for (let at = 0; at + MIN_MATCH <= from; at++) insert(at);
  bitBuffer = bitCount = written = 0;
  // The last block it is not (0), and its codes are fixed (01) (RFC 1951 §3.2.3).
  put(0b010, 3);
  for (let at = from; at < end;) {
    const length = longestMatch(at, end, windowBytes);
    if (length === 0) {
      put(literalBits[data[at]!]!, literalSize[data[at]!]!);
      if (at + MIN_MATCH <= end) insert(at);
      at++;
    } else {
      putMatch(length, at - matchedAt);
      for (const stop = at + length; at < stop; at++) if (at + MIN_MATCH <= end) insert(at);
    }
    if (written >= message.length) return undefined;
  }
  put(literalBits[256]!, literalSize[256]!);
  // The header of the empty block whose other bytes are left out (RFC 7692 §7.2.1).
  put(0, 3);
  if (bitCount > 0) put(0, 8 - bitCount);
  return written < message.length ? out.slice(0, written) : undefined;
}

function putMatch(length: number, distance: number): void {
  const code = lengthCode[length]!;
  put(literalBits[257 + code]!, literalSize[257 + code]!);
  put(length - lengthBase[code]!, lengthExtra[code]!);
  let far = distance < 5 ? distance - 1 : 0;
  if (distance >= 5) {
    const top = 31 - Math.clz32(distance - 1);
    far = 2 * top + ((distance - 1) >> (top - 1) & 1);
  }
  put(distanceBits[far]!, 5);
  put(distance - distanceBase[far]!, distanceExtra[far]!);
}

/** The place that the latest match refers to. */
let matchedAt = 0;

/** The length of the longest match for the bytes at `at`, 0 for none; it is at `matchedAt`. */
function longestMatch(at: number, end: number, maxDistance: number): number {
  if (at + MIN_MATCH > end) return 0;
  const most = Math.min(MAX_MATCH, end - at);
  let best = MIN_MATCH - 1;
  let place = head[hash(at)]!;
  for (let chain = MAX_CHAIN; place >= 0 && chain > 0; chain--, place = previous[place]!) {
    if (at - place > maxDistance) break;
    if (data[place + best] !== data[at + best] || data[place] !== data[at]) continue;
    let length = 0;
    while (length < most && data[place + length] === data[at + length]) length++;
    if (length <= best) continue;
    best = length;
    matchedAt = place;
    if (length >= GOOD_MATCH || length === most) break;
  }
  return best < MIN_MATCH ? 0 : best;
}

function insert(at: number): void {
  const slot = hash(at);
  previous[at] = head[slot]!;
  head[slot] = at;
}

function hash(at: number): number {
  const three = data[at]! << 16 | data[at + 1]! << 8 | data[at + 2]!;
  return Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS);
}
