import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { formatDate } from "../../../protocols/http/messages/date.ts";
import { isStillTheSame, preconditions } from "../../../protocols/http/topics/conditions.ts";
import { acceptedEncodings, type Encoding } from "../../../protocols/web/encoding.ts";
import { isCompressible, mediaTypeOf } from "../../../protocols/web/media_types.ts";
import { type ByteRange, contentRange, parseRanges } from "../../../protocols/web/ranges.ts";
import { fileResponse, type Piece } from "./file_body.ts";
import type { Found } from "./file_root.ts";
import type { FileSource } from "./file_source.ts";
import { defaults } from "./files_options.ts";

/** What a file looks like to this client. */
interface Representation {
  readonly source: FileSource;
  readonly file: string;
  readonly size: number;
  readonly time: number;
  readonly type: string;
  /** How the bytes in the file are coded. */
  readonly stored?: Encoding;
  /** How they are to be coded on their way. */
  readonly coded?: Encoding;
  /** True when the coding was chosen by what the client accepts. */
  readonly varies: boolean;
}

/** What the answer depends on beside the file and the request. */
interface Choice {
  /** Its name, which its type depends on. */
  readonly name: string;
  readonly types: Readonly<Record<string, string>> | undefined;
  readonly compress: boolean;
  readonly source: FileSource;
  /** Finds a sibling with this ending. */
  sibling(ending: string): Promise<Found | undefined>;
}

const suffixes: Record<Encoding, string> = { br: ".br", gzip: ".gz" };

/** Answers a GET or HEAD of a file (RFC 9110 §13, §14). */
export async function answerWithFile(
  request: Request,
  found: Found,
  choice: Choice,
): Promise<Response> {
  const chosen = await represent(request, found, choice);
  const tag = tagOf(chosen);
  const headers = new Headers({
    "content-type": chosen.type,
    etag: tag,
    "accept-ranges": "bytes",
    "x-content-type-options": "nosniff",
  });
  if (chosen.time > 0) headers.set("last-modified", formatDate(chosen.time));
  if (chosen.varies) headers.set("vary", "accept-encoding");
  const coding = chosen.stored ?? chosen.coded;
  if (coding !== undefined) headers.set("content-encoding", coding);
  const conditional = { method: request.method, fields: request.headers };
  const status = preconditions(conditional, chosen, Date.now(), () => tag);
  if (status !== undefined) {
    headers.delete("content-type");
    headers.delete("content-encoding");
    return new Response(status === 304 ? null : "The file is another one by now\n", {
      status,
      headers,
    });
  }
  if (chosen.coded !== undefined) return await compressed(request, chosen, headers);
  const ranges = rangesOf(request, chosen, tag);
  if (ranges !== undefined) return await answerRanges({ chosen, ranges, headers });
  headers.set("content-length", String(chosen.size));
  if (request.method === "HEAD" || chosen.size === 0) return new Response(null, { headers });
  return await answerWhole(chosen, headers);
}

async function represent(
  request: Request,
  found: Found,
  { name, types, compress, source, sibling }: Choice,
): Promise<Representation> {
  const type = mediaTypeOf(name, types);
  const varies = compress && isCompressible(type);
  const { file, size, time } = found;
  const plain = { source, file, size, time, type, varies };
  if (!varies) return plain;
  const accepted = acceptedEncodings(request.headers.get("accept-encoding"));
  for (const stored of accepted) {
    const ready = await sibling(suffixes[stored]);
    // A sibling that is older than the file was made from an earlier version of it.
    if (ready === undefined || ready.isDirectory || ready.time < found.time) continue;
    return { ...plain, file: ready.file, size: ready.size, stored };
  }
  const long = found.size > defaults.compressedAtOnceBytes;
  const coded = long ? accepted.find((each) => each === "gzip") : accepted[0];
  // Ranges need bytes whose number is known, which those compressed on the way do not have.
  if (coded === undefined || found.size <= defaults.compressedBytes) return plain;
  return request.headers.has("range") ? plain : { ...plain, coded };
}

/** The entity tag of a file as it is sent. */
export function tagOf(
  { size, time, stored, coded }: Pick<Representation, "size" | "time" | "stored" | "coded">,
): string {
  const tag = `"${Math.floor(time * 1000).toString(36)}-${size.toString(36)}${
    stored ? `-${stored}` : ""
  }`;
  return coded === undefined ? `${tag}"` : `W/${tag}-${coded}"`;
}

function rangesOf(
  { method, headers }: Request,
  chosen: Representation,
  tag: string,
): ByteRange[] | undefined {
  const range = headers.get("range"), ifRange = headers.get("if-range");
  if (range === null || method !== "GET") return undefined;
  if (ifRange !== null && !isStillTheSame(ifRange, tag, chosen)) return undefined;
  return parseRanges(range, chosen.size);
}

async function answerRanges(
  { chosen, ranges, headers }: { chosen: Representation; ranges: ByteRange[]; headers: Headers },
): Promise<Response> {
  const { size, type } = chosen;
  if (ranges.length === 0) {
    headers.set("content-range", `bytes */${size}`);
    headers.set("content-type", "text/plain;charset=utf-8");
    headers.delete("content-encoding");
    return new Response(`Cannot send this range: the file has ${size} bytes\n`, {
      status: 416,
      headers,
    });
  }
  if (ranges.length === 1) {
    const { first, last } = ranges[0]!;
    headers.set("content-range", contentRange(ranges[0]!, size));
    headers.set("content-length", String(last - first + 1));
    return await fileResponse(chosen, ranges, { status: 206, headers });
  }
  const boundary = crypto.randomUUID();
  const encoder = new TextEncoder();
  const parts: Piece[] = ranges.flatMap((range) => [
    encoder.encode(
      `\r\n--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: ${
        contentRange(range, size)
      }\r\n\r\n`,
    ),
    range,
  ]);
  parts.push(encoder.encode(`\r\n--${boundary}--\r\n`));
  headers.set("content-type", `multipart/byteranges; boundary=${boundary}`);
  headers.set("content-length", String(parts.reduce((sum, each) => sum + lengthOf(each), 0)));
  return await fileResponse(chosen, parts, { status: 206, headers });
}

function lengthOf(piece: Piece): number {
  return piece instanceof Uint8Array ? piece.length : piece.last - piece.first + 1;
}

const zip = promisify(gzip);
const brotli = promisify(brotliCompress);

async function compressed(
  request: Request,
  chosen: Representation,
  headers: Headers,
): Promise<Response> {
  headers.delete("accept-ranges");
  if (request.method === "HEAD") return new Response(null, { headers });
  if (chosen.size > defaults.compressedAtOnceBytes) {
    const plain = await fileResponse(chosen, [{ first: 0, last: chosen.size - 1 }], {});
    return new Response(plain.body!.pipeThrough(new CompressionStream("gzip")), { headers });
  }
  const bytes = await chosen.source.readFile(chosen.file);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 5,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  const result = chosen.coded === "br" ? await brotli(bytes, { params }) : await zip(bytes);
  headers.set("content-length", String(result.length));
  return new Response(new Uint8Array(result), { headers });
}

/** Sends a whole file; a short one at once, since a stream costs more than its bytes. */
async function answerWhole(chosen: Representation, headers: Headers): Promise<Response> {
  const { source, file, size } = chosen;
  if (size > defaults.keptFileBytes) {
    return await fileResponse(chosen, [{ first: 0, last: size - 1 }], { headers });
  }
  const bytes = await source.readFile(file);
  // The file may have grown since the client was told its length.
  return new Response(bytes.subarray(0, size), { headers });
}
