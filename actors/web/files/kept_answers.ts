import type { PathExchange } from "../../../protocols/http/exchange.ts";
import { dateBytes } from "../../../protocols/http/messages/date.ts";
import { dateOffset } from "../../../protocols/http/messages/encode.ts";
import { acceptedEncodings } from "../../../protocols/web/encoding.ts";
import type { FileSource } from "./file_source.ts";
import { defaults } from "./files_options.ts";

/** A whole answer, and the file that it was made of. */
interface Kept {
  /** As `encodeAnswer` makes it. */
  readonly bytes: Uint8Array;
  readonly fields: readonly [string, string][];
  /** The end of `bytes`. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly file: string;
  readonly size: number;
  readonly time: number;
}

interface Entry extends Kept {
  /** When the answer must be found anew. */
  until: number;
}

const DATE_AT = dateOffset(200);

/** Fields that make an answer depend on more than the path and the coding. */
const CONDITIONS = [
  "if-none-match",
  "if-modified-since",
  "range",
  "if-match",
  "if-unmodified-since",
  "if-range",
];

/** Answers with short files, whole, by path and by what the client accepts; bounded in bytes. */
export class KeptAnswers {
  readonly #source: FileSource;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(source: FileSource) {
    this.#source = source;
  }

  /** Keeps an answer to `path` for clients that send this `Accept-Encoding`. */
  keep(path: string, accepted: string, kept: Kept): void {
    if (this.#source.statSync === undefined) return;
    const key = keyOf(path, accepted);
    this.#drop(key);
    this.#bytes += kept.bytes.length;
    this.#entries.set(key, { ...kept, until: Date.now() + defaults.keptMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= defaults.keptBytes) break;
      this.#drop(oldest);
    }
  }

  /** Answers with what is kept, unless the file has changed; false when nothing fits. */
  answer(exchange: PathExchange): boolean {
    const { now, request } = exchange;
    const entry = exchange.plain
      ? this.#find(request.method, request.path, request.fields, now)
      : undefined;
    if (entry === undefined) return false;
    entry.bytes.set(dateBytes(now), DATE_AT);
    exchange.respondEncoded(entry.bytes);
    return true;
  }

  /** The same for a request that has become a `Request`, since other parts were asked before. */
  response({ method, url, headers }: Request): Response | undefined {
    const entry = this.#find(method, new URL(url).pathname, headers, Date.now());
    return entry && new Response(entry.body, { headers: [...entry.fields] });
  }

  #find(
    method: string,
    path: string,
    fields: { get(name: string): string | null | undefined; has(name: string): boolean },
    now: number,
  ): Entry | undefined {
    if (method !== "GET" || this.#entries.size === 0) return undefined;
    const key = keyOf(path, fields.get("accept-encoding") ?? "");
    const entry = this.#entries.get(key);
    if (entry === undefined || CONDITIONS.some((name) => fields.has(name))) return undefined;
    if (now < entry.until && this.#isUnchanged(entry)) return entry;
    this.#drop(key);
    return undefined;
  }

  #isUnchanged({ file, size, time }: Kept): boolean {
    try {
      const { isFile, size: sizeNow, mtime } = this.#source.statSync!(file);
      return isFile && sizeNow === size && (mtime?.getTime() ?? 0) === time;
    } catch {
      return false;
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes.length;
  }
}

function keyOf(path: string, accepted: string): string {
  return `${path}\n${accepted === "" ? "" : codingsIn(accepted)}`;
}

/** What each `Accept-Encoding` means: clients send the same few, again and again. */
const codings = new Map<string, string>();

function codingsIn(accepted: string): string {
  const known = codings.get(accepted);
  if (known !== undefined) return known;
  const found = acceptedEncodings(accepted).join();
  if (codings.size >= defaults.knownCodings) codings.clear();
  codings.set(accepted, found);
  return found;
}
