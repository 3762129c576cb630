/** Bytes of a representation, from the first to the last, which is included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** How much a `Range` field may ask for. */
export const defaults = {
  /** 64 ranges in one request: PDF readers ask for a dozen, attackers for thousands. */
  maxRanges: 64,
};

/**
 * The ranges that a `Range` field asks for, of `size` bytes (RFC 9110 §14.2). Undefined when the
 * field is to be ignored; empty when there is nothing in these ranges.
 */
export function parseRanges(field: string, size: number): ByteRange[] | undefined {
  const found = /^bytes=(.+)$/i.exec(field.trim());
  if (found === null) return undefined;
  const specs = found[1]!.split(",").map((each) => each.trim()).filter((each) => each !== "");
  if (specs.length === 0 || specs.length > defaults.maxRanges) return undefined;
  const ranges: ByteRange[] = [];
  let total = 0;
  for (const spec of specs) {
    const parts = /^(\d{0,15})-(\d{0,15})$/.exec(spec);
    if (parts === null || spec === "-") return undefined;
    const range = rangeOf(parts[1]!, parts[2]!, size);
    if (range === undefined) return undefined;
    if (range.first > range.last) continue;
    ranges.push(range);
    total += range.last - range.first + 1;
  }
  // Ranges that overlap to more bytes than there are serve attackers only (RFC 9110 §17.15).
  return ranges.length > 1 && total > size ? undefined : ranges;
}

/** One range, which is empty when it is beyond the end; undefined when it is not valid. */
function rangeOf(from: string, to: string, size: number): ByteRange | undefined {
  if (from === "") {
    const length = Math.min(Number(to), size);
    return { first: size - length, last: size - 1 };
  }
  const first = Number(from), last = to === "" ? Infinity : Number(to);
  if (last < first) return undefined;
  return { first, last: Math.min(last, size - 1) };
}

/** The value of `Content-Range` for a range (RFC 9110 §14.4). */
export function contentRange({ first, last }: ByteRange, size: number): string {
  return `bytes ${first}-${last}/${size}`;
}
