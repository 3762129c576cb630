import type { Link, LinkAttributes } from "../link_format.ts";
import type { SocketRoute } from "../websocket/socket.ts";
import type { PathExchange } from "./exchange.ts";
import type { RequestHead } from "./messages/message.ts";
import type { PathPages } from "./pages.ts";
import { type Found, type PathPattern, Routes } from "./routes.ts";

/** Answers requests to a path; `params` are the parts of the path that its pattern names. */
export interface PathAnswer {
  (exchange: PathExchange, now: number, params: Readonly<Record<string, string>>): void;
  /** Web pages of other origins that may use it; `listener`: as they may use topics. */
  readonly pages?: PathPages | "listener";
}

/** The path of requests for other servers, in every protocol (RFC 8075 §5.3). */
export const FORWARD_PATH = "/hc/";

/**
 * The application's handlers by path. A gateway has one of these for all HTTP and CoAP sessions.
 */
export class Handlers {
  /** The handlers of WebSockets, by their paths. */
  readonly sockets: Routes<SocketRoute> = new Routes<SocketRoute>();
  /** The forward proxy at `FORWARD_PATH`, if there is one. */
  forward: PathAnswer | undefined;
  readonly #answers = new Routes<PathAnswer>();
  readonly #links = new Map<PathPattern, LinkAttributes>();

  /** How many paths there are. */
  get size(): number {
    return this.#answers.size;
  }

  /**
   * Has `answer` called for a path, for everything below one that ends in `/*`, or for all that a
   * pattern fits. Of several, an exact path is preferred, then the longest. Throws when the path is
   * taken. A path with `attributes` is listed with them.
   */
  add(path: PathPattern, answer: PathAnswer, attributes?: LinkAttributes): void {
    this.#answers.add(path, answer);
    if (attributes !== undefined) this.#links.set(path, attributes);
  }

  /** Removes the handler of a path; true when there was one. */
  remove(path: PathPattern): boolean {
    this.#links.delete(path);
    return this.#answers.remove(path);
  }

  /** Links to the paths that can be discovered. */
  *links(): IterableIterator<Link> {
    for (const [target, attributes] of this.#links) {
      if (typeof target === "string" && !target.endsWith("/*")) yield { target, attributes };
    }
  }

  /** The handler of a request, unless a longer part of its path is the gateway's own. */
  find(request: RequestHead): Found<PathAnswer> | undefined {
    return this.#answers.find(request, builtInLength(request.path));
  }
}

/** True for `/topics` and for everything below it. */
export function isOfTopics(path: string): boolean {
  return path.startsWith("/topics") && (path.length === 7 || path[7] === "/");
}

/** How many characters of a path are the gateway's own: handlers of shorter paths do not get it. */
export function builtInLength(path: string): number {
  if (isOfTopics(path)) return Math.min(path.length, "/topics/".length);
  return path === "/.well-known/core" || path === "/health" ? path.length : 0;
}
