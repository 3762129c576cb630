import type { CoapExchange } from "../../protocols/coap/paths/coap_exchange.ts";
import type { CoapRequest } from "../../protocols/coap/paths/coap_request.ts";
import type { CoapCode, CoapResponse } from "../../protocols/coap/paths/coap_response.ts";
import type { CoapMethod } from "../../protocols/coap/paths/http_request.ts";
import type { Behaviour, Self } from "../actor.ts";
import { type HandlerInfo, remoteAddress } from "./handler.ts";
import type { LinkOptions } from "./link_options.ts";

/**
 * Answers requests of CoAP in its own terms, at once or later: what takes more than 250 ms is
 * acknowledged first and answered separately. What it throws is a crash of its own actor and 5.00 for
 * the client.
 *
 * @example One that takes its time
 * ```ts
 * import { coap, type CoapHandler, gateway, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const slow: CoapHandler = async (request) => {
 *   await new Promise((done) => setTimeout(done, 10));
 *   return { payload: `${request.method} ${request.query("unit")}` };
 * };
 *
 * await using hub = gateway();
 * hub.coap("/slow", slow);
 * const { port } = await hub.listen(udp({ port: 0 }), coap()).ready;
 * const client = await udp({ port: 0 }).bind();
 * const text = new TextEncoder();
 * const get = [0x40, 1, 0, 7, 0xb4, ...text.encode("slow"), 0x46, ...text.encode("unit=C")];
 * await client.send(Uint8Array.from(get), `127.0.0.1:${port}`);
 * const answer = new TextDecoder().decode((await client.receive())!.bytes);
 * assert.match(answer, /GET C$/);
 * client.close();
 * ```
 */
export type CoapHandler = (
  request: CoapRequest,
  info: HandlerInfo,
) => CoapResponse | Promise<CoapResponse>;

/**
 * A handler for each method of a path; others are answered 4.05.
 *
 * @example A counter
 * ```ts
 * import { type CoapMethods, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * let count = 0;
 * const counter: CoapMethods = {
 *   GET: () => ({ payload: `${count}` }),
 *   POST: () => ({ payload: `${++count}` }),
 *   DELETE: () => {
 *     count = 0;
 *     return { code: "2.02" };
 *   },
 * };
 *
 * await using hub = gateway();
 * hub.coap("/count", counter);
 * assert.equal(typeof counter.PUT, "undefined"); // 4.05
 * ```
 */
export type CoapMethods = Readonly<Partial<Record<CoapMethod, CoapHandler>>>;

/**
 * How a path is answered by CoAP, and what `/.well-known/core` says of it.
 *
 * @example A value that is observed, in text or JSON
 * ```ts
 * import { type CoapOptions, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: CoapOptions = { rt: "temperature-c", ct: [0, 50], observable: true };
 * await using hub = gateway();
 * let celsius = 21.5;
 * const resource = hub.coap("/attic", ({ accept }) =>
 *   accept === 50
 *     ? { payload: JSON.stringify({ celsius }), format: 50 }
 *     : { payload: `${celsius}` }, options);
 * celsius = 22;
 * resource.changed();
 * assert.equal(resource.observers, 0);
 * ```
 */
export interface CoapOptions extends LinkOptions {
  /**
   * True for a resource that may be observed (RFC 7641): its handler is asked again, for each
   * observer, when it has changed. Of the notifications one in ten is confirmable, and one that comes
   * a minute after the last; with `"confirmable"` all are, and with `"non-confirmable"` as few as may
   * be. Default: false.
   */
  observable?: boolean | "confirmable" | "non-confirmable";
  /** Critical options that the handler understands, by their odd numbers. Others are 4.02. */
  critical?: readonly number[];
  /** False to leave it out of `/.well-known/core`. Default: true. */
  listed?: boolean;
}

/**
 * A path that CoAP answers, as whoever has set it up holds it. Callable from any turn.
 *
 * @example The last word to those who observe
 * ```ts
 * import { type CoapResource, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const clock: CoapResource = hub.coap("/time", () => ({ payload: "12:00" }), { observable: true });
 * clock.changed();
 * clock.end("5.03", "The clock is being wound up");
 * clock.remove();
 * assert.equal(clock.observers, 0);
 * ```
 */
export interface CoapResource {
  /** How many observe it. */
  readonly observers: number;
  /** Has all who observe it told what there is now. Who is behind gets the newest value only. */
  changed(): void;
  /** Ends all observations, with an error and its reason. Default: 5.03. */
  end(code?: CoapCode, reason?: string): void;
  /** Takes the path out again; those who observe it hear 4.04. */
  remove(): void;
}

/** An actor that has `handler` answer each exchange it is sent. */
export function coapHandler(handler: CoapHandler | CoapMethods): Behaviour<CoapExchange> {
  const answer = typeof handler === "function" ? handler : byMethod(handler);
  return (self) => ({ receive: (exchange) => run(answer, exchange, self) });
}

function run(handler: CoapHandler, exchange: CoapExchange, self: Self<unknown>): void {
  const { request, asker: { peer, identity, scheme } } = exchange;
  const remoteAddr = remoteAddress(peer.address, scheme === "coap" ? "udp" : "tcp");
  let answer: CoapResponse | Promise<CoapResponse>;
  try {
    answer = handler(request, { remoteAddr, identity });
    // What is known at once is answered in this turn.
    if (!(answer instanceof Promise)) return exchange.respond(answer);
  } catch (error) {
    exchange.fail();
    throw error;
  }
  answer.then((response) => exchange.respond(response)).catch((error) => {
    exchange.fail();
    self.turn(() => {
      throw error;
    });
  });
}

function byMethod(methods: CoapMethods): CoapHandler {
  const known = Object.keys(methods).join(", ");
  return (request, info) =>
    methods[request.method]?.(request, info) ??
      { code: "4.05", payload: `Only ${known} are known here` };
}
