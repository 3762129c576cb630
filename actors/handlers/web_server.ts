import type { PathAnswer } from "../../protocols/http/handlers.ts";
import type { PathPattern } from "../../protocols/http/routes.ts";
import type { Clock } from "../clock.ts";
import type { HandlerTable } from "../gateway/gateway_options.ts";
import type { Log } from "../log.ts";
import type { Supervisor } from "../supervisor.ts";
import { type Answering, answering } from "./answering.ts";
import { type CorsOptions, pagesOf, withCors } from "./cors.ts";
import { isForwarder } from "./forwarder.ts";
import type { Handler } from "./handler.ts";
import { attributesOf, type LinkOptions } from "./link_options.ts";
import { allowedBy, byMethod, type Methods } from "./methods.ts";
import { type SocketHandler, type SocketOptions, socketRoute } from "./socket_handler.ts";

/**
 * Which web pages may use a path, and what CoAP clients are told of it.
 *
 * @example A path that every web page may use
 * ```ts
 * import { gateway, type HandleOptions, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: HandleOptions = { cors: true };
 * await using hub = gateway();
 * hub.handle("/open", () => new Response("for all"), options);
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const answer = await fetch(`http://127.0.0.1:${port}/open`);
 * assert.equal(answer.headers.get("access-control-allow-origin"), "*");
 * await answer.body?.cancel();
 * ```
 */
export interface HandleOptions {
  /**
   * Which web pages of other origins may use it; true is all, `listener` those that may use topics.
   * Without `credentials` they may change something only by requests without a cookie, a password or
   * a client certificate. Default: none.
   */
  cors?: CorsOptions | boolean | "listener";
  /**
   * Origins of web pages, such as `https://pay.example`, whose requests other than GET, HEAD and
   * OPTIONS get to the handler, whatever the browser sends with them, beside those of the listener;
   * `*` leaves it to the handler to look at `Origin`. Default: none; others are 403.
   */
  origins?: readonly string[];
  /**
   * What CoAP's `/.well-known/core` says of a path that is no pattern (RFC 6690); false leaves it
   * out. Default: only that it exists.
   */
  link?: LinkOptions | false;
}

/** What a web server is run with. */
interface WebServerOptions {
  readonly table: HandlerTable;
  readonly root: Supervisor;
  /** Where handlers are actors. */
  readonly handlers: Supervisor;
  readonly clock: Clock;
  readonly log: Log;
}

/** The library's own paths: handlers of requests and of WebSockets, each an actor. */
export class WebServer {
  readonly #options: WebServerOptions;
  #sockets: Supervisor | undefined;
  #names = 0;

  constructor(options: WebServerOptions) {
    this.#options = options;
  }

  handle(
    path: PathPattern,
    asked: Handler | Methods,
    { cors, origins = [], link = {} }: HandleOptions,
  ): () => void {
    const { table, handlers } = this.#options;
    const plain = typeof asked === "function" ? asked : byMethod(asked);
    const allowed = typeof asked === "function" ? undefined : allowedBy(asked);
    const own = cors === true ? {} : cors === "listener" || !cors ? undefined : cors;
    const handler = own ? withCors(plain, own, allowed) : plain;
    const name = `${nameOf(path)} ${++this.#names}`;
    const attributes = link === false ? undefined : attributesOf(link);
    const pages = cors === "listener" ? cors : pagesOf(own, origins);
    const give: PathAnswer = Object.assign(
      (...[exchange, , params]: Parameters<PathAnswer>) => answer(exchange, params),
      { pages },
    );
    // First, since it throws when the path is taken: then no actor is started.
    table.add(path, give, attributes);
    const answer = this.answering(name, handler);
    if (isForwarder(plain)) table.forward = give;
    return () => {
      table.remove(path);
      if (table.forward === give) table.forward = undefined;
      handlers.stopChild(name);
    };
  }

  /** Starts an actor that answers by `handler`, whatever the path. */
  answering(name: string, handler: Handler): Answering {
    const { handlers: supervisor, log } = this.#options;
    return answering(handler, { supervisor, name, log });
  }

  websocket(path: PathPattern, handler: SocketHandler, options: SocketOptions): () => void {
    const { table, root, clock, log } = this.#options;
    // A socket that crashes is closed: its client opens another.
    const supervisor = this.#sockets ??= root.supervise("sockets", { maxRestarts: Infinity });
    const name = `${nameOf(path)} ${++this.#names}`;
    const crashed = (error: unknown) => log.error("crash", { actor: `sockets/${name}`, error });
    const place = { supervisor, crashed, now: () => clock.now() };
    table.sockets.add(path, socketRoute(name, handler, options, place));
    return () => table.sockets.remove(path);
  }
}

function nameOf(path: PathPattern): string {
  return typeof path === "string" ? path : path.pathname;
}
