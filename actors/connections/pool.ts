/** The smallest buffer is that with which an idle connection reads; all sizes are powers of two. */
const SMALLEST = 2048;
/** 1 MiB: larger buffers are rare, and cost more to keep than to make. */
const LARGEST = 1 << 20;
/**
 * Bytes of unused buffers kept of each size; the garbage collector gets what a burst left beyond.
 */
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
