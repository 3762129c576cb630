import type { LoginEnd } from "../../protocols/grant.ts";
import type { Identity } from "../../protocols/identity.ts";
import type { HookChain } from "./hook_chain.ts";

/** A day: one timer cannot wait for longer than 24.8. */
const MAX_WAIT_MS = 86_400_000;

/**
 * Calls `ended` once, when a login expires or its grant is revoked. The returned function cancels
 * that; undefined for a login that never ends.
 */
export function watchLogin(
  { expires, grant }: Identity,
  chain: HookChain,
  ended: (end: LoginEnd) => void,
): (() => void) | undefined {
  if (expires === undefined && grant === undefined) return undefined;
  let cancel: (() => void) | undefined, forget: (() => void) | undefined;
  const cease = chain.until(() => {
    cancel?.();
    forget?.();
    forget = cancel = undefined;
  });
  let isOver = false;
  const end = (why: LoginEnd) => {
    if (isOver) return;
    isOver = true;
    cease();
    ended(why);
  };
  const wait = (until: number) => {
    const left = until - chain.clock.now();
    if (left <= 0) return end("expired");
    cancel = chain.after(Math.min(left, MAX_WAIT_MS), () => wait(until));
  };
  if (expires !== undefined) cancel = chain.after(0, () => wait(expires));
  forget = grant?.watch(() => end("revoked"));
  // `watch` answers at once for a grant that was revoked while the client was let in.
  if (isOver) forget?.();
  return cease;
}
