import type { CoapExchange } from "../../protocols/coap/paths/coap_exchange.ts";
import type { CoapRequest } from "../../protocols/coap/paths/coap_request.ts";
import type { CoapCode, CoapResponse } from "../../protocols/coap/paths/coap_response.ts";
import type { CoapMethod } from "../../protocols/coap/paths/http_request.ts";
import type { Behaviour, Self } from "../actor.ts";
import { crash } from "../crash.ts";
import { type HandlerInfo, remoteAddress } from "./handler.ts";
import type { LinkOptions } from "./link_options.ts";

/**
 * Answers a CoAP request in CoAP's own terms, at once or later: after 250 ms the request is
 * acknowledged, and the answer comes separately (RFC 7252 §5.2.2). A handler that throws crashes
 * its own actor, and the client gets 5.00.
 *
 * @example A sensor that takes its time
 * ```ts
 * import { coap, coapClient, type CoapHandler, gateway, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const temperature: CoapHandler = async (request) => {
 *   const celsius = await Promise.resolve(20);
 *   return { payload: `${request.query("unit") === "F" ? celsius * 1.8 + 32 : celsius}` };
 * };
 *
 * await using hub = gateway();
 * hub.coap("/temperature", temperature);
 * const { port } = await hub.listen(udp({ port: 0 }), coap()).ready;
 * await using client = coapClient(`coap://127.0.0.1:${port}`);
 * assert.equal((await client.get("/temperature?unit=F")).text(), "68");
 * ```
 */
export type CoapHandler = (
  request: CoapRequest,
  info: HandlerInfo,
) => CoapResponse | Promise<CoapResponse>;

/**
 * A handler for each method of a path; any other method is answered 4.05.
 *
 * @example A counter
 * ```ts
 * import { coap, coapClient, type CoapMethods, gateway, udp } from "@meerkat/gateway";
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
 * const { port } = await hub.listen(udp({ port: 0 }), coap()).ready;
 * await using client = coapClient(`coap://127.0.0.1:${port}/count`);
 * assert.equal((await client.post("")).text(), "1");
 * assert.equal((await client.put("", { payload: "7" })).code, "4.05");
 * ```
 */
export type CoapMethods = Readonly<Partial<Record<CoapMethod, CoapHandler>>>;

/**
 * How a path is answered by CoAP, and what `/.well-known/core` says of it.
 *
 * @example A value that is observed, as text or JSON
 * ```ts
 * import { coap, coapClient, type CoapOptions, gateway, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: CoapOptions = { rt: "temperature-c", ct: [0, 50], observable: true };
 * await using hub = gateway();
 * let celsius = 21.5;
 * const attic = hub.coap("/attic", ({ accept }) =>
 *   accept === 50
 *     ? { payload: JSON.stringify({ celsius }), format: 50 }
 *     : { payload: `${celsius}` }, options);
 *
 * const { port } = await hub.listen(udp({ port: 0 }), coap()).ready;
 * await using client = coapClient(`coap://127.0.0.1:${port}`);
 * const heard: unknown[] = [];
 * for await (const answer of client.observe("/attic", { accept: "application/json" })) {
 *   if (heard.push(answer.json()) === 2) break;
 *   celsius = 22;
 *   attic.changed();
 * }
 * assert.deepEqual(heard, [{ celsius: 21.5 }, { celsius: 22 }]);
 * ```
 */
export interface CoapOptions extends LinkOptions {
  /**
   * Whether the resource may be observed (RFC 7641); default false. With true, its handler is asked
   * again for each observer whenever it has changed. Every tenth notification is confirmable then,
   * and one that comes a minute after the last that was. `"confirmable"` makes them all so,
   * `"non-confirmable"` as few as RFC 7641 §4.5 allows.
   */
  observable?: boolean | "confirmable" | "non-confirmable";
  /**
   * Critical options that the handler understands, by their odd numbers; default none. A request
   * with any other is answered 4.02.
   */
  critical?: readonly number[];
  /** False leaves it out of `/.well-known/core`; default true. */
  listed?: boolean;
}

/**
 * A path that CoAP answers, as `Gateway.coap` returns it. Its methods may be called at any time.
 *
 * @example The last word to observers
 * ```ts
 * import { coap, coapClient, type CoapResource, gateway, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const clock: CoapResource = hub.coap("/time", () => ({ payload: "12:00" }), { observable: true });
 * const { port } = await hub.listen(udp({ port: 0 }), coap()).ready;
 * await using client = coapClient(`coap://127.0.0.1:${port}`);
 * const heard: string[] = [];
 * for await (const { code } of client.observe("/time")) {
 *   heard.push(code);
 *   clock.end("5.03", "The clock is being wound up");
 * }
 * assert.deepEqual(heard, ["2.05", "5.03"]);
 * clock.remove();
 * ```
 */
export interface CoapResource {
  /** How many clients observe it at the moment. */
  readonly observers: number;
  /** Tells all observers the present value. One that is behind gets only the newest. */
  changed(): void;
  /** Ends all observations with an error, 5.03 by default, and a reason in words. */
  end(code?: CoapCode, reason?: string): void;
  /** Removes the path; its observers are told 4.04. */
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
    crash(self, error);
  });
}

function byMethod(methods: CoapMethods): CoapHandler {
  const known = Object.keys(methods).join(", ");
  return (request, info) =>
    methods[request.method]?.(request, info) ??
      { code: "4.05", payload: `Only ${known} are known here` };
}
