/** An answer that may be given again. */
interface Kept {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Headers;
  readonly etag: string | null;
  freshUntil: number;
}

/** Statuses of answers to GET that are remembered. */
const OK = 200, NOT_MODIFIED = 304;

/**
 * Keeps answers to GET while they are fresh; after that the server is asked whether they still hold
 * (RFC 9111 §4).
 */
export class CrossCache {
  /** By target and `Accept`; the one that was used last comes last. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(
    readonly maxEntries: number,
    readonly maxBytes: number,
    readonly now: () => number = () => performance.now(),
  ) {}

  /** Answers from memory, or by `ask`, whose request may be only for a version newer than ours. */
  async answer(
    request: Request,
    target: string,
    ask: (request: Request) => Promise<Response>,
  ): Promise<Response> {
    const key = `${target} ${request.headers.get("accept") ?? ""}`;
    if (request.method !== "GET" || this.maxEntries === 0) {
      // A request that changes something makes what we keep of it void (RFC 9111 §4.4).
      if (request.method !== "GET" && request.method !== "HEAD") this.#forget(target);
      return await ask(request);
    }
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.now() < kept.freshUntil) return this.#give(key, kept, request);
    const answer = await ask(kept?.etag ? asking(request, kept.etag) : request);
    if (answer.status === NOT_MODIFIED && kept !== undefined) {
      kept.freshUntil = this.now() + freshMs(answer.headers);
      return this.#give(key, kept, request);
    }
    return answer.status === OK ? await this.#keep(key, answer, request) : answer;
  }

  async #keep(key: string, answer: Response, request: Request): Promise<Response> {
    const { headers } = answer, fresh = freshMs(headers), etag = headers.get("etag");
    if (fresh <= 0 && etag === null) return answer;
    this.#drop(key);
    const body = await this.#bodyOf(answer);
    if (body instanceof Response) return body;
    const kept: Kept = { body, headers, etag, freshUntil: this.now() + fresh };
    this.#kept.set(key, kept);
    this.#bytes += body.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.maxEntries && this.#bytes <= this.maxBytes) break;
      this.#drop(oldest);
    }
    return respond(kept, request);
  }

  /** The whole body, or an answer that streams it, if it is longer than what may be kept. */
  async #bodyOf({ body, status, headers }: Response): Promise<Uint8Array<ArrayBuffer> | Response> {
    const reader = (body ?? new Blob().stream()).getReader(),
      chunks: Uint8Array<ArrayBuffer>[] = [];
    for (let size = 0; size <= this.maxBytes;) {
      const { value, done } = await reader.read();
      if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
      chunks.push(value);
      size += value.length;
    }
    return new Response(joined(chunks, reader), { status, headers });
  }

  #give(key: string, kept: Kept, request: Request): Response {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return respond(kept, request);
  }

  #forget(target: string): void {
    for (const key of this.#kept.keys()) if (key.startsWith(`${target} `)) this.#drop(key);
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.body.length ?? 0;
    this.#kept.delete(key);
  }
}

/** What has been read, and then the rest. */
function joined(
  chunks: Uint8Array<ArrayBuffer>[],
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const value = chunks.shift() ?? (await reader.read()).value;
      if (value === undefined) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** The request, for what is newer than `etag`. */
function asking(request: Request, etag: string): Request {
  const headers = new Headers(request.headers);
  headers.set("if-none-match", etag);
  return new Request(request, { headers });
}

function respond({ body, headers, etag }: Kept, request: Request): Response {
  const isKnown = etag !== null && request.headers.get("if-none-match") === etag;
  return isKnown
    ? new Response(null, { status: NOT_MODIFIED, headers })
    : new Response(body, { status: OK, headers });
}

function freshMs(headers: Headers): number {
  const control = headers.get("cache-control") ?? "";
  if (/no-store|no-cache|private/.test(control)) return 0;
  return Number(/max-age=(\d{1,9})/.exec(control)?.[1] ?? 0) * 1000;
}
