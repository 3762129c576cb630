import type { PathExchange } from "../../protocols/http/exchange.ts";
import { type Shortcut, shortcutOf } from "../handlers/shortcut.ts";
import type { Handler } from "../handlers/handler.ts";
import type { WebPart } from "./part.ts";

/** Which paths a part may answer GET for. */
type Scope = (path: string) => boolean;

const scopes = new WeakMap<WebPart, Scope>();

/** Lets the part behind `part` use its shortcut for paths that `part` has nothing to do with. */
export function withScope(part: WebPart, scope: Scope): WebPart {
  scopes.set(part, scope);
  return part;
}

/**
 * The shortcut of the last of these parts, for paths that none of the others may answer; undefined
 * when that is not known of all of them.
 */
export function shortcutBehind(parts: readonly WebPart[]): Shortcut | undefined {
  const last = parts.at(-1), shortcut = last && shortcutOf(last as Handler);
  const others = parts.slice(0, -1).map((part) => scopes.get(part));
  if (shortcut === undefined || others.length === 0) return shortcut;
  if (others.includes(undefined)) return undefined;
  // A shortcut takes only paths that are plainly written, so `scope` sees what its part would see.
  return (exchange: PathExchange) =>
    !others.some((scope) => scope!(exchange.request.path)) && shortcut(exchange);
}

/** True for a path and all below it. */
export function isUnder(path: string, mount: string): boolean {
  return path.startsWith(mount) && (path.length === mount.length || path[mount.length] === "/");
}
