/**
 * One actor or supervisor as an operator sees it, with all that is below it.
 *
 * @example Every actor that was restarted
 * ```ts
 * import { gateway, type TreeNode } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function restarted({ name, restarts, children = [] }: TreeNode): string[] {
 *   return [...restarts > 0 ? [name] : [], ...children.flatMap(restarted)];
 * }
 *
 * await using hub = gateway();
 * assert.deepEqual(restarted(hub.tree()), []);
 * ```
 */
export interface TreeNode {
  /** Unique among its siblings. */
  name: string;
  /** `supervisor`, `listener`, `connection`, `handler` …. */
  kind: string;
  /** How often it was started again. */
  restarts: number;
  /** The last crash, if there was one; `at` is in milliseconds since 1970. */
  lastCrash?: { message: string; at: number };
  /** Messages: waiting, most ever, and how many fit. Actors only. */
  mailbox?: { depth: number; highWater: number; capacity: number };
  /** Turns taken. Actors only. */
  turns?: number;
  /** What the actor says of itself: its peer, its protocol, what it dropped. */
  detail?: Record<string, unknown>;
  /** Oldest first. Supervisors only. */
  children?: TreeNode[];
}
