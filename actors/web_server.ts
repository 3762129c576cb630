import type { PathPattern } from "../protocols/http/routes.ts";
import type { Clock } from "./clock.ts";
import { fetchHandler } from "./fetch_handler.ts";
import type { HandlerTable } from "./gateway_options.ts";
import type { Handler } from "./handler.ts";
import type { Log } from "./log.ts";
import { type SocketHandler, type SocketOptions, socketRoute } from "./socket_handler.ts";
import type { Supervisor } from "./supervisor.ts";

/** Requests that wait for a handler before more are refused. */
const HANDLER_MAILBOX = 65_536;

/** What a web server is run with. */
export interface WebServerOptions {
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

  handle(path: PathPattern, handler: Handler): () => void {
    const { table, handlers } = this.#options;
    const name = `${nameOf(path)} ${++this.#names}`;
    table.add(path, (exchange, _now, params) => {
      if (!ref.tell({ exchange, params })) exchange.respond({ status: 503 });
    });
    const ref = handlers.spawn(name, fetchHandler(handler), {
      restart: "crash",
      kind: "handler",
      mailbox: HANDLER_MAILBOX,
    });
    return () => {
      table.remove(path);
      handlers.stopChild(name);
    };
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
