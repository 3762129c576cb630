import type { Hub } from "../../protocols/session.ts";
import type { CompressionOptions } from "../../protocols/websocket/extensions.ts";
import type { WebSocketLimits } from "../../protocols/websocket/limits.ts";
import type { Arrival, SocketRoute } from "../../protocols/websocket/socket.ts";
import type { Self } from "../actor.ts";
import { remoteAddress, type RouteInfo } from "./handler.ts";
import type { Later } from "../hooks.ts";
import { MessageSocket } from "./message_socket.ts";
import type { Supervisor } from "../supervisor.ts";

/**
 * Called with each WebSocket that is opened on a path, before its first event.
 *
 * @example A clock
 * ```ts
 * import { gateway, http, type SocketHandler, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const clock: SocketHandler = (socket) => {
 *   const timer = setInterval(() => socket.send(new Date().toISOString()), 10);
 *   socket.onclose = () => clearInterval(timer);
 * };
 *
 * await using hub = gateway();
 * hub.websocket("/clock", clock);
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const client = new WebSocket(`ws://127.0.0.1:${port}/clock`);
 * const time = await new Promise<string>((heard) => client.onmessage = ({ data }) => heard(data));
 * assert.ok(Date.parse(time) > 0);
 * client.close();
 * ```
 */
export type SocketHandler = (socket: MessageSocket) => unknown;

/**
 * How the WebSockets of a path are accepted.
 *
 * @example Members only
 * ```ts
 * import { gateway, http, type SocketOptions, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: SocketOptions = {
 *   protocols: ["chat.v2", "chat.v1"],
 *   accept: (request) =>
 *     request.url.endsWith("?word=sesame") ? undefined : new Response("Say it\n", { status: 403 }),
 * };
 * await using hub = gateway();
 * hub.websocket("/chat", (socket) => socket.send(socket.protocol), options);
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const client = new WebSocket(`ws://127.0.0.1:${port}/chat?word=sesame`, ["chat.v1"]);
 * const first = await new Promise((heard) => client.onmessage = ({ data }) => heard(data));
 * assert.equal(first, "chat.v1");
 * client.close();
 * ```
 */
export interface SocketOptions {
  /** Subprotocols: the first that the client offers and that is listed here is spoken. */
  protocols?: readonly string[];
  /** Refuses with the `Response` that it answers; undefined lets the client in. */
  accept?: (request: Request, info: RouteInfo) => Later<Response | undefined>;
  /** Origins of web pages that may connect, instead of the listener's. */
  origins?: readonly string[];
  /** Limits other than the listener's. */
  limits?: Partial<WebSocketLimits>;
  /** How messages are compressed, instead of the listener's way. */
  compression?: CompressionOptions | boolean;
  /** True for `fragment` events, as pieces of messages come, in place of `message`. */
  fragments?: boolean;
}

/** What socket handlers are run with. */
export interface SocketPlace {
  readonly supervisor: Supervisor;
  readonly now: () => number;
  readonly crashed: (error: unknown) => void;
}

/** Gives each WebSocket of a path to `handler`, as an actor of its own. */
export function socketRoute(
  name: string,
  handler: SocketHandler,
  options: SocketOptions,
  place: SocketPlace,
): SocketRoute {
  const { protocols = [], accept, origins, limits, compression, fragments = false } = options;
  let count = 0;
  return {
    protocols,
    origins,
    limits,
    compression,
    accept: accept && ((arrival, hub, decided) => {
      let answer: Later<Response | undefined>;
      try {
        answer = accept(requestOf(arrival), infoOf(arrival));
        if (answer === undefined) return decided(undefined, place.now());
      } catch (error) {
        answer = Promise.reject(error);
      }
      refusalOf(answer, place).then((refusal) => {
        post(hub, () => decided(refusal, place.now()));
      });
    }),
    open: (arrival) =>
      new MessageSocket({
        url: urlOf(arrival, "ws"),
        protocol: arrival.protocol,
        wantsPieces: fragments,
        info: infoOf(arrival),
        request: () => requestOf(arrival),
        start: (socket) => startSocket(socket, `${name} ${++count}`, handler, place.supervisor),
      }),
  };
}

/** Starts the actor of a socket and has `handler` run in it. */
export function startSocket(
  socket: MessageSocket,
  name: string,
  handler: SocketHandler,
  supervisor: Supervisor,
): Self<never> | undefined {
  let self: Self<never> | undefined;
  supervisor.spawn<never>(name, (own) => {
    self = own;
    return {
      receive() {},
      stopped(exit) {
        if (exit.kind === "crash") socket.abandon(1011, "The handler of this path failed");
        else socket.abandon(1001, "The gateway is shutting down");
      },
    };
  }, { kind: "socket", mailbox: 1 });
  self?.turn(() => socket.watch(handler(socket)));
  return self;
}

async function refusalOf(answer: Later<Response | undefined>, { crashed }: SocketPlace) {
  try {
    const response = await answer;
    if (response === undefined) return undefined;
    const fields = [...response.headers].filter(([name]) => name !== "content-length");
    return { status: response.status, fields, body: await response.text() };
  } catch (error) {
    crashed(error);
    return { status: 500, body: "The handler of this path failed\n" };
  }
}

function post({ self }: Hub, work: () => void): void {
  self.post(work);
}

function urlOf({ request, peer }: Arrival, scheme: "ws" | "http"): string {
  const { path, query, fields } = request;
  const host = fields.get("host") || "localhost";
  return `${scheme}${peer.secure ? "s" : ""}://${host}${path}${query && `?${query}`}`;
}

function requestOf(arrival: Arrival): Request {
  return new Request(urlOf(arrival, "http"), { headers: [...arrival.request.fields] });
}

function infoOf({ peer, identity, params }: Arrival): RouteInfo {
  return { remoteAddr: remoteAddress(peer.address), identity, params };
}
