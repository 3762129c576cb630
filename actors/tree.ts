/** One actor or supervisor as an operator sees it. */
export interface TreeNode {
  name: string;
  /** `supervisor`, `listener`, `connection`, `handler` …. */
  kind: string;
  /** How often it was started again. */
  restarts: number;
  /** The last crash, if there was one. */
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
