import { Code } from "../../protocols/coap/codec.ts";
import { formatOf } from "../../protocols/coap/content_format.ts";
import type { CoapMethod } from "../../protocols/coap/paths/http_request.ts";
import { type CoapLimits, defaults } from "../../protocols/coap/limits.ts";
import { Option } from "../../protocols/coap/option_bytes.ts";
import { Options, uint } from "../../protocols/coap/options.ts";
import type { Wish } from "../../protocols/coap/client/questions.ts";
import { type CoapUrl, parseCoapUrl, pathOptions } from "../../protocols/coap/client/url.ts";
import { szxOf } from "../../protocols/coap/block.ts";
import type { BridgeTls } from "../bridge/bridge_options.ts";
import { CoapAnswer } from "./coap_answer.ts";
import { type CoapLine, openLine } from "./coap_line.ts";
import { follow } from "./coap_news.ts";

/**
 * How a CoAP client behaves.
 *
 * @example With a login, on a slow radio
 * ```ts
 * import { coapClient, type CoapClientOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: CoapClientOptions = {
 *   username: "kim",
 *   password: "secret",
 *   limits: { ackTimeoutMs: 10_000 },
 * };
 * await using client = coapClient("coap://192.0.2.7", options);
 * assert.equal(client.origin, "coap://192.0.2.7:5683");
 * ```
 */
export interface CoapClientOptions {
  /** Who we are: sent as `?u=`, which anybody on the way can read unless the URL is `coaps+tcp:`. */
  username?: string | undefined;
  /** The password of that name, `?p=`. */
  password?: string | undefined;
  /** Whom to trust and who we are, for `coaps+tcp:`. */
  tls?: BridgeTls | undefined;
  /** Milliseconds that an answer is waited for; default 93,000 (MAX_TRANSMIT_WAIT). */
  timeoutMs?: number;
  /** Bytes of the largest block, a power of two from 16 to 1,024; default 1,024. */
  blockBytes?: number | undefined;
  /** Timers and sizes other than the defaults; `maxPayloadBytes` is the longest answer. */
  limits?: Partial<CoapLimits>;
}

/**
 * What a request says beside its method and path.
 *
 * @example Setting a value that nobody else has changed meanwhile
 * ```ts
 * import { coap, coapClient, type CoapRequestInit, gateway, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const { port } = await hub.listen(udp({ port: 0 }), coap()).ready;
 * await using client = coapClient(`coap://127.0.0.1:${port}/topics/count`);
 * await client.put("", { payload: "1" });
 * const { etag } = await client.get("");
 * const request: CoapRequestInit = { payload: "2", contentFormat: "text/plain", ifMatch: etag! };
 * assert.equal((await client.put("", request)).code, "2.04");
 * assert.equal((await client.put("", request)).code, "4.12");
 * ```
 */
export interface CoapRequestInit {
  /** The body. */
  payload?: Uint8Array | string;
  /** The Content-Format of the body, by number or media type. */
  contentFormat?: number | string;
  /** The only Content-Format that will do, by number or media type. */
  accept?: number | string;
  /** Do it only if the resource is this version; an empty one stands for any. */
  ifMatch?: Uint8Array;
  /** Do it only if there is no resource yet. */
  ifNoneMatch?: boolean;
  /** The version that we have: the answer is 2.03, without a body, when it is still the one. */
  etag?: Uint8Array;
  /** False sends each message once and wants no acknowledgement; default true. */
  confirmable?: boolean;
  /** Other options, in any order. */
  options?: readonly { number: number; value: Uint8Array }[];
  /** Ends waiting for the answer, or following. */
  signal?: AbortSignal;
}

/** The methods of CoAP (RFC 7252 §5.8, RFC 8132). */
const methods: Record<CoapMethod, number> = {
  GET: Code.get,
  POST: Code.post,
  PUT: Code.put,
  DELETE: Code.delete,
  FETCH: Code.fetch,
  PATCH: Code.patch,
  iPATCH: Code.ipatch,
};

/** MAX_TRANSMIT_WAIT (RFC 7252 §4.8.2). */
const TIMEOUT_MS = 93_000;

const utf8 = new TextEncoder();

/**
 * A client of one CoAP server (RFC 7252), with bodies in blocks (RFC 7959) and resources that are
 * followed (RFC 7641). The socket is opened by the first request and closed by `close`.
 *
 * @example Setting, reading and following a topic
 * ```ts
 * import { coap, CoapClient, coapClient, gateway, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const { port } = await hub.listen(udp({ port: 0 }), coap()).ready;
 * await using client = coapClient(`coap://127.0.0.1:${port}`);
 * assert.ok(client instanceof CoapClient);
 * assert.equal((await client.put("/topics/home/door", { payload: "open" })).code, "2.01");
 * for await (const answer of client.observe("/topics/home/door")) {
 *   assert.equal(answer.text(), "open");
 *   break;
 * }
 * ```
 */
export class CoapClient {
  readonly #url: CoapUrl;
  readonly #options: CoapClientOptions;
  readonly #limits: CoapLimits;
  readonly #giveUp = new AbortController();
  #line: Promise<CoapLine> | undefined;

  /** @ignore */
  constructor(url: string, options: CoapClientOptions = {}) {
    this.#url = parseCoapUrl(url);
    this.#options = options;
    this.#limits = { ...defaults, ...options.limits };
  }

  /** The server, such as `coap://192.0.2.7:5683`. */
  get origin(): string {
    return this.#url.origin;
  }

  /** Reads. */
  get(path: string, request?: CoapRequestInit): Promise<CoapAnswer> {
    return this.request("GET", path, request);
  }

  /** Sets. */
  put(path: string, request?: CoapRequestInit): Promise<CoapAnswer> {
    return this.request("PUT", path, request);
  }

  /** Has something done. */
  post(path: string, request?: CoapRequestInit): Promise<CoapAnswer> {
    return this.request("POST", path, request);
  }

  /** Removes. */
  delete(path: string, request?: CoapRequestInit): Promise<CoapAnswer> {
    return this.request("DELETE", path, request);
  }

  /**
   * Asks, and resolves with the answer, also when it is an error of the server. `path` is relative to
   * the URL of the client: `""` is that itself, `/a?b=c` is absolute.
   *
   * Rejects with an `Error` when no answer comes, a `TypeError` when the request cannot be said, and
   * the reason of `signal` when that aborts.
   */
  async request(
    method: CoapMethod,
    path: string,
    request: CoapRequestInit = {},
  ): Promise<CoapAnswer> {
    const wish = this.#wish(methods[method], path, request), { signal } = request;
    signal?.throwIfAborted();
    const line = await this.#open();
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<CoapAnswer>();
    let cancel = () => {};
    const isAsked = line.turn((now) => {
      const question = line.questions.ask(wish, {
        answered: (message) => resolve(new CoapAnswer(message)),
        failed: reject,
      }, now);
      cancel = () => line.turn((now) => question.cancel(now));
    });
    if (!isAsked) throw new Error(`Cannot ask ${this.origin}: the connection has ended`);
    const aborted = () => {
      cancel();
      reject(signal!.reason);
    };
    signal?.addEventListener("abort", aborted);
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", aborted);
    }
  }

  /**
   * Follows a resource: its value now, and the newest each time that it has changed, for as long as
   * the loop goes on. It ends when the server ends it, after an error as the last value, and throws
   * when the server cannot be reached.
   */
  async *observe(path: string, request: CoapRequestInit = {}): AsyncIterableIterator<CoapAnswer> {
    const wish = this.#wish(Code.get, path, request);
    request.signal?.throwIfAborted();
    yield* follow(await this.#open(), wish, request.signal);
  }

  /** Says goodbye, where that is said; who waits for an answer is told that none will come. */
  async close(): Promise<void> {
    const line = this.#line;
    this.#line = undefined;
    this.#giveUp.abort(new Error(`The client of ${this.origin} is closed`));
    // One that could not be opened has told those who asked.
    await (await line?.catch(() => undefined))?.close();
  }

  /** @ignore */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(): Promise<CoapLine> {
    const { signal } = this.#giveUp;
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#line !== undefined) return this.#line;
    const line = openLine(this.#url, { limits: this.#limits, tls: this.#options.tls, signal });
    const forget = () => {
      if (this.#line === line) this.#line = undefined;
    };
    line.then(({ ended }) => ended.then(forget), forget);
    return this.#line = line;
  }

  #wish(code: number, path: string, request: CoapRequestInit): Wish {
    const { username, password, timeoutMs = TIMEOUT_MS, blockBytes } = this.#options;
    const { payload = "" } = request, all = this.#place(path);
    const add = (number: number, value: Uint8Array) => all.push(new Option(number, value));
    if (username !== undefined) add(Options.uriQuery, utf8.encode(`u=${username}`));
    if (password !== undefined) add(Options.uriQuery, utf8.encode(`p=${password}`));
    if (request.ifMatch) add(Options.ifMatch, request.ifMatch);
    if (request.ifNoneMatch) add(Options.ifNoneMatch, new Uint8Array());
    if (request.etag) add(Options.etag, request.etag);
    if (request.contentFormat !== undefined) {
      add(Options.contentFormat, uint(formatNumber(request.contentFormat)));
    }
    if (request.accept !== undefined) add(Options.accept, uint(formatNumber(request.accept)));
    for (const { number, value } of request.options ?? []) add(number, value);
    return {
      code,
      options: all.sort((a, b) => a.number - b.number),
      payload: typeof payload === "string" ? utf8.encode(payload) : payload,
      isConfirmable: request.confirmable ?? true,
      szx: blockBytes === undefined ? undefined : szxOf(blockBytes),
      maxBytes: this.#limits.maxPayloadBytes,
      timeoutMs,
    };
  }
  /** Host, path and query: an absolute path takes the place of that of the URL. */
  #place(path: string): Option[] {
    const own = this.#url.options;
    const kept = path.startsWith("/")
      ? own.filter(({ number }) => number === Options.uriHost)
      : own.slice();
    return [...kept, ...pathOptions(path)];
  }
}

function formatNumber(format: number | string): number {
  const found = typeof format === "number" ? format : formatOf(format);
  if (found !== undefined && found >= 0 && found <= 0xffff) return found;
  throw new TypeError(
    `Cannot use "${format}" as a Content-Format: give a number from 0 to 65535, or a media type that has one`,
  );
}

/**
 * A client of the CoAP server at `url`: `coap:`, `coap+tcp:` or `coaps+tcp:`.
 *
 * @throws {TypeError} When the URL is none of these.
 * @example A value of several blocks, over TCP
 * ```ts
 * import { coapClient, coapStream, gateway, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const { port } = await hub.listen(tcp({ port: 0 }), coapStream()).ready;
 * await using client = coapClient(`coap+tcp://127.0.0.1:${port}`);
 * const payload = new Uint8Array(100_000).fill(7);
 * await client.put("/topics/large", { payload });
 * assert.deepEqual((await client.get("/topics/large")).payload, payload);
 * ```
 */
export function coapClient(url: string, options: CoapClientOptions = {}): CoapClient {
  return new CoapClient(url, options);
}
