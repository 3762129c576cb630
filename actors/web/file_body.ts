import type { ByteRange } from "../../protocols/web/ranges.ts";
import { defaults } from "./files_options.ts";

/**
 * The bytes of a file in a stream, piece by piece as they are wanted. It ends early when the file has
 * become shorter: the client sees that by the length it was told.
 */
export function fileBody(
  path: string,
  ranges: readonly Piece[],
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const work = pieces(path, ranges);
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await work.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await work.return(undefined);
    },
  }, { highWaterMark: 0 });
}

/** Bytes of a file, or text between them. */
export type Piece = ByteRange | Uint8Array<ArrayBuffer>;

async function* pieces(
  path: string,
  parts: readonly Piece[],
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  for (const part of parts) {
    if (part instanceof Uint8Array) yield part;
    else {
      if (part.first > 0 || parts.length > 1) await file.seek(part.first, Deno.SeekMode.Start);
      for (let left = part.last - part.first + 1; left > 0;) {
        const piece = new Uint8Array(Math.min(left, defaults.pieceBytes));
        const count = await file.read(piece);
        if (count === null) return;
        left -= count;
        yield piece.subarray(0, count);
      }
    }
  }
}
