import type { Link, LinkAttributes } from "../link_format.ts";
import type { SocketRoute } from "../websocket/socket.ts";
import type { PathExchange } from "./exchange.ts";
import type { RequestHead } from "./message.ts";
import type { PathPages } from "./pages.ts";
import { type Found, type PathPattern, Routes } from "./routes.ts";

/** Answers requests to a path; `params` are the parts of it that its pattern names. */
export interface PathAnswer {
  (exchange: PathExchange, now: number, params: Readonly<Record<string, string>>): void;
  /** Web pages of other origins that may use it; `listener`: as they may use topics. */
  readonly pages?: PathPages | "listener";
}

/** Where requests for other servers come, whatever they are asked by (RFC 8075 §5.3). */
export const FORWARD_PATH = "/hc/";

/** Who answers which path: the gateway has one, shared by all its HTTP and CoAP sessions. */
export class Handlers {
  /** Who gets the WebSockets that are opened on a path. */
  readonly sockets: Routes<SocketRoute> = new Routes<SocketRoute>();
  /** Whoever asks other servers for those who want that, at `FORWARD_PATH`. */
  forward: PathAnswer | undefined;
  readonly #answers = new Routes<PathAnswer>();
  readonly #links = new Map<PathPattern, LinkAttributes>();

  /** How many paths there are. */
  get size(): number {
    return this.#answers.size;
  }

  /**
   * Has `answer` called for a path, for everything below one that ends in `/*`, or for what a
   * pattern fits. The longest that fits is taken, an exact path before all others. Throws when the
   * path is taken. One path that has `attributes` is listed with them.
   */
  add(path: PathPattern, answer: PathAnswer, attributes?: LinkAttributes): void {
    this.#answers.add(path, answer);
    if (attributes !== undefined) this.#links.set(path, attributes);
  }

  /** Takes a path out again; true when it was there. */
  remove(path: PathPattern): boolean {
    this.#links.delete(path);
    return this.#answers.remove(path);
  }

  /** What there is to discover. */
  *links(): IterableIterator<Link> {
    for (const [target, attributes] of this.#links) {
      if (typeof target === "string" && !target.endsWith("/*")) yield { target, attributes };
    }
  }

  /** Who answers a request, unless the gateway itself knows more than that of its path. */
  find(request: RequestHead): Found<PathAnswer> | undefined {
    return this.#answers.find(request, builtInLength(request.path));
  }
}

/** How much of a path belongs to the gateway itself: what is handled below a shorter one is not meant. */
export function builtInLength(path: string): number {
  if (path.startsWith("/topics") && (path.length === 7 || path[7] === "/")) {
    return Math.min(path.length, 8);
  }
  return path === "/.well-known/core" || path === "/health" ? path.length : 0;
}
