import type { PathExchange } from "../../protocols/http/exchange.ts";
import type { ResponseHead } from "../../protocols/http/messages/message.ts";
import type { Behaviour, Self } from "../actor.ts";
import { crash } from "../crash.ts";
import type { Log } from "../log.ts";
import { BrokenBody } from "./broken_body.ts";
import { isEnd, isSoon } from "./early_body.ts";
import { type Handler, remoteAddress } from "./handler.ts";
import { type Pump, pumpOf } from "./pump.ts";
import { RequestBody } from "./request_body.ts";

/** One exchange, and what the pattern of its path names. */
export interface Question {
  readonly exchange: PathExchange;
  readonly params: Readonly<Record<string, string>>;
}

/** An actor that has `handler` answer each exchange it is sent. */
export function fetchHandler(handler: Handler, log: Log): Behaviour<Question> {
  return (self) => ({
    receive: ({ exchange, params }) => new Answering(exchange, self, log).run(handler, params),
  });
}

/** Fields that the session sets itself, or that concern one connection only (RFC 9110 §7.6.1). */
const HOP_BY_HOP = new Set([
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Bytes written at once: larger pieces of a body are cut, so that a slow client holds no more. */
const PIECE_BYTES = 256 * 1024;

/**
 * One exchange on its way through a handler. It is touched in turns of its connection only:
 * `#post`.
 */
class Answering {
  readonly #exchange: PathExchange;
  readonly #self: Self<Question>;
  readonly #log: Log;
  /** What the handler sees as the request's signal. */
  readonly #abort = new AbortController();
  /** True once nothing can be answered any more. */
  #gone = false;
  /** Called when the client can take more, or is gone. */
  #proceed: (() => void) | undefined;
  /** Reads the body of the answer. */
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(exchange: PathExchange, self: Self<Question>, log: Log) {
    this.#exchange = exchange;
    this.#self = self;
    this.#log = log;
  }

  run(handler: Handler, params: Question["params"]): void {
    let request: Request;
    const { method } = this.#exchange.request;
    if (isForeign(method)) return this.#post(() => this.#exchange.respond({ status: 501 }));
    try {
      request = toRequest(this.#exchange, this.#abort.signal);
    } catch {
      // Some requests cannot be a `Request`, such as one for a host that no URL can have.
      return this.#post(() => this.#exchange.respond({ status: 400 }));
    }
    this.#post(() => this.#watch());
    let answer: Response | Promise<Response>;
    try {
      const { peer, identity, scheme } = this.#exchange;
      const remoteAddr = remoteAddress(peer.address, scheme === "coap" ? "udp" : "tcp");
      answer = handler(request, { remoteAddr, identity, params });
    } catch (error) {
      this.#refuse();
      throw error;
    }
    Promise.resolve(answer).then((response) => this.#answer(response)).catch((error) =>
      this.#failed(error)
    );
  }

  #watch(): void {
    const exchange = this.#exchange;
    if (exchange.closed) return this.#leave();
    exchange.onClosed = () => this.#leave();
    // Most clients that send no more are gone; one that still reads gets what the handler answers.
    exchange.onHurry = (reason) => {
      if (reason === "input ended") this.#abort.abort();
    };
    exchange.onDrained = () => this.#proceed?.();
  }

  #leave(): void {
    this.#gone = true;
    this.#abort.abort();
    this.#proceed?.();
    // Otherwise a body that is silent would never learn that its client has gone.
    unwanted(this.#reader);
  }

  async #answer(response: Response): Promise<void> {
    if (!(response instanceof Response) || response.type === "error") {
      throw new TypeError("Cannot answer: a handler must return a Response");
    }
    const { status } = response;
    // To the client what follows would be another protocol; here it is the next request.
    if (status < 200) throw new TypeError(`Cannot answer with status ${status}: it is not final`);
    if (this.#gone) return unwanted(response.body);
    const fields = [...response.headers].filter(([name]) => !HOP_BY_HOP.has(name));
    const head = { status, fields };
    const length = lengthOf(response);
    const reads = this.#exchange.request.method !== "HEAD";
    if (response.body === null || !reads) {
      unwanted(response.body);
      return this.#turn(() => {
        this.#exchange.begin(head, reads ? 0 : length);
        this.#exchange.end();
      });
    }
    const pump = pumpOf(response);
    if (pump !== undefined) {
      try {
        return await this.#pump(pump, head, length);
      } finally {
        unwanted(response.body);
      }
    }
    await this.#relay(response.body, head, length);
  }

  /** Passes a body on as it comes; one that is there as a whole leaves with its length. */
  async #relay(
    body: ReadableStream<Uint8Array>,
    head: ResponseHead,
    length: number | undefined,
  ): Promise<void> {
    const reader = this.#reader = body.getReader();
    try {
      const opening = reader.read();
      // A body that comes later does not hold back the head.
      const isLate = !await isSoon(opening);
      if (isLate) await this.#turn(() => this.#begin(head, length));
      const { value: first = new Uint8Array(0), done } = await opening;
      checkPiece(first);
      // A body that is there as a whole ends right behind its first piece: then its length is known.
      const second = done ? undefined : reader.read();
      second?.catch(() => {});
      if (!isLate && length === undefined && first.length <= PIECE_BYTES && await isEnd(second)) {
        return await this.#turn(() => this.#exchange.respond(head, first));
      }
      if (!isLate) await this.#turn(() => this.#begin(head, length));
      await this.#write(first);
      for (let next = await second; next && !next.done; next = await reader.read()) {
        if (!await this.#write(checkPiece(next.value))) break;
      }
      await this.#turn(() => this.#exchange.end());
    } finally {
      // Does nothing to a body that was read to its end, and tells any other that nobody wants the
      // rest.
      unwanted(reader);
    }
  }

  /**
   * Begins an answer. One without a length may go on for ever, but ends when its reader's login
   * does.
   */
  #begin(head: ResponseHead, length: number | undefined): void {
    const exchange = this.#exchange;
    exchange.begin(head, length);
    if (length === undefined) exchange.watchLogin?.(() => exchange.abort());
  }

  async #pump(pump: Pump, head: ResponseHead, length: number | undefined): Promise<void> {
    await this.#turn(() => this.#begin(head, length));
    await pump((bytes) => this.#write(bytes));
    await this.#turn(() => this.#exchange.end());
  }

  /** Writes as fast as the client takes it; false when it is gone. */
  async #write(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      let wait: Promise<void> | undefined;
      await this.#turn(() => {
        if (this.#exchange.write(piece)) return;
        if (this.#exchange.closed) this.#leave();
        else wait = new Promise((proceed) => this.#proceed = proceed);
      });
      if (this.#gone) return false;
      await wait;
    }
    return !this.#gone;
  }

  /** Runs `work` in the connection's turn; the promise rejects with what it throws. */
  #turn(work: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const posted = this.#exchange.post(() => {
        try {
          work();
          resolve();
        } catch (error) {
          reject(error);
        }
      });
      if (posted) return;
      this.#leave();
      resolve();
    });
  }

  #post(work: () => void): void {
    this.#exchange.post(work);
  }

  /** Blames the handler, unless it failed because the client, or a server behind, has gone. */
  #failed(error: unknown): void {
    if (this.#gone) return;
    const isBroken = error instanceof BrokenBody;
    if (isBroken) this.#refuse(502, "The server behind broke its answer off\n");
    else this.#refuse();
    // A handler that gives up because its signal said so has done nothing wrong.
    if (this.#abort.signal.aborted) return;
    if (!isBroken) return crash(this.#self, error);
    const { server, message: fault } = error;
    this.#log.warn("server broke its answer off", { server, fault });
  }

  #refuse(status = 500, reason = "The handler of this path failed\n"): void {
    const exchange = this.#exchange;
    this.#post(() => {
      if (exchange.begun) exchange.abort();
      else exchange.respond({ status }, reason);
    });
  }
}

/**
 * True for methods that `Request` refuses, and for those that it would take for others: `get` is not
 * `GET` (RFC 9110 §9.1).
 */
function isForeign(method: string): boolean {
  return /^(?:connect|trace|track)$/i.test(method) ||
    (/^(?:delete|get|head|options|post|put)$/i.test(method) && method !== method.toUpperCase());
}

/** Reads a body no further; whoever makes it may take its time to hear that, or fail. */
function unwanted(body: Pick<ReadableStream, "cancel"> | null | undefined): void {
  body?.cancel().catch(() => {});
}

function checkPiece(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  throw new TypeError("Cannot send a piece of a body: it must be a Uint8Array");
}

function lengthOf({ headers }: Response): number | undefined {
  const text = headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function toRequest(exchange: PathExchange, signal: AbortSignal): Request {
  const { method, path, query, fields } = exchange.request;
  const url = `${exchange.scheme}://${fields.get("host") || "localhost"}${path}${
    query && `?${query}`
  }`;
  const bodyless = exchange.contentLength === 0 || method === "GET" || method === "HEAD";
  const body = bodyless ? null : new RequestBody(exchange).stream;
  return new Request(url, { method, headers: [...fields], body, signal });
}
