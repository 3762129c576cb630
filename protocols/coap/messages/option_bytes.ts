/** One option of a message. The value of a decoded one is a view of the message. */
export class Option {
  constructor(readonly number: number, readonly value: Uint8Array) {}
}

/** The most bytes that an option takes beside its value (RFC 7252 §3.1). */
const MAX_HEAD_BYTES = 5;

/** Encodes options, which must be in rising order of their numbers. */
export function encodeOptions(options: readonly Option[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const { value } of options) size += MAX_HEAD_BYTES + value.length;
  const out = new Uint8Array(size);
  let at = 0, before = 0;
  for (const { number, value } of options) {
    at = writeOption(out, at, number - before, value);
    before = number;
  }
  return out.slice(0, at);
}

/** Writes an option, `delta` above the one before it; returns where the next one begins. */
function writeOption(
  out: Uint8Array,
  at: number,
  delta: number,
  value: Uint8Array,
): number {
  const { length } = value;
  at = writeOptionHead(out, at, delta, length);
  for (let i = 0; i < length; i++) out[at + i] = value[i]!;
  return at + length;
}

function writeOptionHead(out: Uint8Array, at: number, delta: number, length: number): number {
  out[at++] = nibbleOf(delta) << 4 | nibbleOf(length);
  at = writeExtended(out, at, delta);
  return writeExtended(out, at, length);
}

function nibbleOf(value: number): number {
  return value < 13 ? value : value < 269 ? 13 : 14;
}

function writeExtended(out: Uint8Array, at: number, value: number): number {
  if (value < 13) return at;
  if (value < 269) {
    out[at] = value - 13;
    return at + 1;
  }
  out[at] = value - 269 >> 8;
  out[at + 1] = value - 269;
  return at + 2;
}

/**
 * Writes `options`, which are encoded, with one more after those of its number and below; returns
 * where they end.
 */
export function writeWith(
  out: Uint8Array,
  at: number,
  options: Uint8Array,
  number: number,
  value: Uint8Array,
): number {
  const end = options.length;
  let from = 0, before = 0;
  while (from < end) {
    const head = options[from]!;
    let next = from + 1, delta = head >> 4, size = head & 15;
    if (delta > 12) {
      delta = valueAt(options, next, delta);
      next += delta < 269 ? 1 : 2;
    }
    if (size > 12) {
      size = valueAt(options, next, size);
      next += size < 269 ? 1 : 2;
    }
    if (before + delta > number) {
      copyWithin(out, at, options, 0, from);
      at = writeOption(out, at + from, number - before, value);
      at = writeOptionHead(out, at, before + delta - number, size);
      copyWithin(out, at, options, next, end);
      return at + end - next;
    }
    before += delta;
    from = next + size;
  }
  if (end > 0) out.set(options, at);
  return writeOption(out, at + end, number - before, value);
}

/** As `extended` of the codec, for options that we have written ourselves: nothing is checked. */
function valueAt(options: Uint8Array, at: number, nibble: number): number {
  return nibble === 13 ? options[at]! + 13 : (options[at]! << 8 | options[at + 1]!) + 269;
}

/** Copies a few bytes, often none, for which a loop is faster than a view and `set`. */
function copyWithin(
  out: Uint8Array,
  at: number,
  from: Uint8Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) out[at++] = from[i]!;
}

/** Encoded options with one more, behind those of its number and below. */
export function withOption(
  options: Uint8Array,
  number: number,
  value: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(options.length + value.length + 2 * MAX_HEAD_BYTES);
  return out.slice(0, writeWith(out, 0, options, number, value));
}
