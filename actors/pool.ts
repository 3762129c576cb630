/** Sizes in powers of two: an idle connection's read buffer is the smallest. */
const SMALLEST = 2048;
const LARGEST = 1 << 20;
/** Unused bytes kept of each size: what a burst leaves behind beyond that is garbage. */
const KEPT_BYTES = 4 << 20;

const unused = new Map<number, Uint8Array[]>();

/** A buffer of at least `bytes`, with arbitrary contents. */
export function lend(bytes: number): Uint8Array {
  let size = SMALLEST;
  while (size < bytes) size *= 2;
  return unused.get(size)?.pop() ?? new Uint8Array(size);
}

/** Returns a buffer that `lend` gave and nobody looks at any more. */
export function giveBack(buffer: Uint8Array): void {
  const size = buffer.length;
  if (size < SMALLEST || size > LARGEST) return;
  const shelf = unused.get(size);
  if (shelf === undefined) unused.set(size, [buffer]);
  else if ((shelf.length + 1) * size <= KEPT_BYTES) shelf.push(buffer);
}
