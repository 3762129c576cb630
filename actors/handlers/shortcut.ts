import type { PathExchange } from "../../protocols/http/exchange.ts";
import type { Handler } from "./handler.ts";

/** Answers an exchange at once, in the connection's own turn; false when it cannot. */
export type Shortcut = (exchange: PathExchange) => boolean;

/**
 * Handlers that answer some exchanges in a shorter way, without a `Request`, `Response` or turn.
 */
const shortcuts = new WeakMap<Handler, Shortcut>();

/** Gives `handler` a shortcut, which is tried before it. */
export function withShortcut(handler: Handler, shortcut: Shortcut | undefined): Handler {
  if (shortcut !== undefined) shortcuts.set(handler, shortcut);
  return handler;
}

/** The shortcut of `handler`, if it has one. */
export function shortcutOf(handler: Handler): Shortcut | undefined {
  return shortcuts.get(handler);
}
