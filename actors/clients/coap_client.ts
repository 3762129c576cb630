import type { CoapMethod } from "../../protocols/coap/paths/http_request.ts";
import { type CoapLimits, defaults } from "../../protocols/coap/limits.ts";
import type { Wish } from "../../protocols/coap/client/questions.ts";
import { type CoapUrl, parseCoapUrl } from "../../protocols/coap/client/url.ts";
import type { BridgeTls } from "../bridge/bridge_options.ts";
import { CoapAnswer } from "./coap_answer.ts";
import { type CoapLine, openLine } from "./coap_line.ts";
import { follow } from "./coap_news.ts";
import { type CoapRequestInit, wishOf } from "./coap_request.ts";

/**
 * Who a CoAP client is to its server, and how long it waits for answers.
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
  /**
   * Who we are, sent with each request as the query `u=`. Anybody on the way can read it unless the
   * URL is `coaps+tcp:`.
   */
  username?: string | undefined;
  /** The password of that name, sent as the query `p=`. */
  password?: string | undefined;
  /** Whom to trust and who we are, for `coaps+tcp:`. */
  tls?: BridgeTls | undefined;
  /** Milliseconds to wait for an answer; default 93,000, MAX_TRANSMIT_WAIT of RFC 7252 §4.8.2. */
  timeoutMs?: number;
  /** Bytes of the largest block, a power of two from 16 to 1,024; default 1,024. */
  blockBytes?: number | undefined;
  /** Timers and sizes that differ from their defaults; `maxPayloadBytes` bounds an answer. */
  limits?: Partial<CoapLimits>;
}

/**
 * A client of one CoAP server (RFC 7252), which sends and receives long bodies in blocks (RFC 7959)
 * and observes resources (RFC 7641). The first request opens the socket, `close` closes it.
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

  /** Asks for a resource by GET. */
  get(path: string, request?: CoapRequestInit): Promise<CoapAnswer> {
    return this.request("GET", path, request);
  }

  /** Creates or replaces a resource by PUT. */
  put(path: string, request?: CoapRequestInit): Promise<CoapAnswer> {
    return this.request("PUT", path, request);
  }

  /** Has the server process the body by POST. */
  post(path: string, request?: CoapRequestInit): Promise<CoapAnswer> {
    return this.request("POST", path, request);
  }

  /** Removes a resource by DELETE. */
  delete(path: string, request?: CoapRequestInit): Promise<CoapAnswer> {
    return this.request("DELETE", path, request);
  }

  /**
   * Sends a request and resolves with its answer, also when the server answers with an error.
   * `path` is relative to the URL of the client: `""` is that URL, `/a?b=c` another path of its
   * server.
   *
   * Rejects with an `Error` when no answer comes in time, with a `TypeError` when the path or an
   * option is invalid, and with the reason of `signal` when that aborts.
   */
  async request(
    method: CoapMethod,
    path: string,
    request: CoapRequestInit = {},
  ): Promise<CoapAnswer> {
    const wish = this.#wish(method, path, request), { signal } = request;
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
   * Observes a resource: yields its present value, and the newest one after each change. Leaving
   * the loop ends the observation. It also ends, after an error as the last value, when the server
   * ends it; and it throws when the server cannot be reached.
   */
  async *observe(path: string, request: CoapRequestInit = {}): AsyncIterableIterator<CoapAnswer> {
    const wish = this.#wish("GET", path, request);
    request.signal?.throwIfAborted();
    yield* follow(await this.#open(), wish, request.signal);
  }

  /** Closes the socket, after a goodbye over TCP. Requests that still wait for an answer reject. */
  async close(): Promise<void> {
    const line = this.#line;
    this.#line = undefined;
    this.#giveUp.abort(new Error(`The client of ${this.origin} is closed`));
    // Where it could not be opened, the requests that wanted it have been told.
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

  #wish(method: CoapMethod, path: string, request: CoapRequestInit): Wish {
    const { maxPayloadBytes: maxBytes } = this.#limits;
    return wishOf(method, path, { request, url: this.#url, options: this.#options, maxBytes });
  }
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
