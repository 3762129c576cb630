import type { ByteRange } from "../../../protocols/web/ranges.ts";
import { giveBack, lend } from "../../connections/pool.ts";
import { withPump, type Write } from "../../handlers/pump.ts";
import type { FileSource, OpenFile } from "./file_source.ts";
import { defaults } from "./files_options.ts";

/** Bytes of a file, or text between them. */
export type Piece = ByteRange | Uint8Array<ArrayBuffer>;

/**
 * An answer with parts of a file, piece by piece as they are wanted. It ends early when the file has
 * become shorter: the client sees that by the length it was told.
 */
export async function fileResponse(
  { source, file: path }: { source: FileSource; file: string },
  parts: readonly Piece[],
  init: ResponseInit,
): Promise<Response> {
  const file = await source.open(path);
  const work = pieces(file, parts);
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { value, done } = await work.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await work.return(undefined);
      // A generator that was never started does not run its `finally`.
      close(file);
    },
  }, { highWaterMark: 0 });
  return withPump(new Response(stream, init), async (write) => {
    for (const part of parts) {
      const isGone = part instanceof Uint8Array
        ? !await write(part)
        : !await copy(file, part, write);
      if (isGone) return;
    }
  });
}

async function* pieces(
  file: OpenFile,
  parts: readonly Piece[],
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    for (const part of parts) {
      if (part instanceof Uint8Array) yield part;
      else {
        await file.seek(part.first, Deno.SeekMode.Start);
        for (let left = part.last - part.first + 1; left > 0;) {
          const piece = new Uint8Array(Math.min(left, defaults.pieceBytes));
          const count = await file.read(piece);
          // Packed for the way, half a file would pass for a whole one.
          if (count === null) throw new Error("The file has become shorter than it was");
          left -= count;
          yield piece.subarray(0, count);
        }
      }
    }
  } finally {
    close(file);
  }
}

/** Copies a range; the next piece is read while one is written. False when that was cut short. */
async function copy(file: OpenFile, { first, last }: ByteRange, write: Write): Promise<boolean> {
  await file.seek(first, Deno.SeekMode.Start);
  let left = last - first + 1;
  const read = (into: Uint8Array) => file.read(into.subarray(0, Math.min(left, into.length)));
  let full = lend(defaults.pieceBytes), empty = lend(defaults.pieceBytes);
  let reading = read(full);
  try {
    for (;;) {
      const count = await reading;
      if (count === null) return false;
      const piece = full.subarray(0, count);
      [full, empty] = [empty, full];
      left -= count;
      if (left > 0) reading = read(full);
      if (!await write(piece)) return false;
      if (left === 0) return true;
    }
  } finally {
    // Not before: a pending read writes into this memory.
    await reading.catch(() => {});
    giveBack(full);
    giveBack(empty);
  }
}

function close(file: OpenFile): void {
  try {
    file.close();
  } catch {
    // It is closed already.
  }
}
