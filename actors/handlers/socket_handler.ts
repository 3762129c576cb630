import type { CompressionOptions } from "../../protocols/websocket/frames/extensions.ts";
import type { WebSocketLimits } from "../../protocols/websocket/limits.ts";
import type { Arrival, SocketRoute } from "../../protocols/websocket/socket.ts";
import type { Self } from "../actor.ts";
import type { Later } from "../hooks/hooks.ts";
import type { Supervisor } from "../supervisor.ts";
import { remoteAddress, type RouteInfo } from "./handler.ts";
import { MessageSocket } from "./message_socket.ts";

/**
 * Called with each WebSocket that is opened on a path, before its first event: the place to set its
 * listeners.
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
 * Which WebSockets a path accepts, and how their messages come.
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
  /** Subprotocols that are spoken: a client gets the first of its offers that is listed here. */
  protocols?: readonly string[];
  /** Decides who may connect: a `Response` refuses the client with it, undefined lets it in. */
  accept?: (request: Request, info: RouteInfo) => Later<Response | undefined>;
  /** The origins of web pages that may connect; default: those of the listener. */
  origins?: readonly string[];
  /** Limits that differ from those of the listener. */
  limits?: Partial<WebSocketLimits>;
  /** How messages are compressed; default: as the listener does. */
  compression?: CompressionOptions | boolean;
  /**
   * True for `fragment` events with the pieces of messages as they arrive, in place of `message`.
   */
  fragments?: boolean;
}

/** What socket handlers are run with. */
interface SocketPlace {
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
        hub.self.post(() => decided(refusal, place.now()));
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
