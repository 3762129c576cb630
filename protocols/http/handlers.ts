import type { SocketRoute } from "../websocket/socket.ts";
import type { Exchange } from "./exchange.ts";
import type { RequestHead } from "./message.ts";
import { type Found, type PathPattern, Routes } from "./routes.ts";

/** Answers requests to a path; `params` are the parts of it that its pattern names. */
export type PathAnswer = (
  exchange: Exchange,
  now: number,
  params: Readonly<Record<string, string>>,
) => void;

/** Who answers which path: the gateway has one, shared by all its HTTP sessions. */
export class Handlers {
  /** Who gets the WebSockets that are opened on a path. */
  readonly sockets: Routes<SocketRoute> = new Routes<SocketRoute>();
  readonly #answers = new Routes<PathAnswer>();

  /**
   * Has `answer` called for a path, for everything below one that ends in `/*`, or for what a
   * pattern fits. The longest that fits is taken, an exact path before all others. Throws when the
   * path is taken.
   */
  add(path: PathPattern, answer: PathAnswer): void {
    this.#answers.add(path, answer);
  }

  /** Takes a path out again; true when it was there. */
  remove(path: PathPattern): boolean {
    return this.#answers.remove(path);
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
  return path === "/.well-known/core" ? path.length : 0;
}
