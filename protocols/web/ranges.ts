/** Bytes of a representation, from the first to the last. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export const defaults = {
  /** 64 ranges in one request: PDF readers ask for a dozen, attackers for thousands. */
  maxRanges: 64,
};

/**
 * What a `Range` field asks of `size` bytes (RFC 9110 §14.2): undefined when it is to be ignored,
 * an empty list when nothing of it is there.
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
  // Overlapping ranges that add up to more than all of it are an attack, or no use (RFC 9110 §17.15).
  return ranges.length > 1 && total > size ? undefined : ranges;
}

/** An empty range when nothing of it is there, undefined when it is none. */
function rangeOf(from: string, to: string, size: number): ByteRange | undefined {
  if (from === "") {
    const length = Math.min(Number(to), size);
    return { first: size - length, last: size - 1 };
  }
  const first = Number(from), last = to === "" ? Infinity : Number(to);
  if (last < first) return undefined;
  return { first, last: Math.min(last, size - 1) };
}

/** What `Content-Range` says of a range (RFC 9110 §14.4). */
export function contentRange({ first, last }: ByteRange, size: number): string {
  return `bytes ${first}-${last}/${size}`;
}
