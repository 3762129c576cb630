import type { OpenSession } from "../protocols/session.ts";
import type { Log } from "./log.ts";
import type { Space } from "./space.ts";

/**
 * What one connection may take.
 *
 * @example Room for two of the largest messages
 * ```ts
 * import { type ConnectionLimits, gateway, mqtt, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const maxPacketBytes = 2 << 20;
 * const limits: Partial<ConnectionLimits> = { outboxBytes: 2 * maxPacketBytes, graceMs: 0 };
 * await using hub = gateway();
 * const listening = hub.listen(tcp({ port: 0 }), mqtt({ maxPacketBytes }), { limits });
 * assert.ok((await listening.ready).port > 0);
 * ```
 */
export interface ConnectionLimits {
  /** Bytes queued for a peer above which publishers to it wait; default 256 KiB. */
  outboxHighWaterBytes: number;
  /**
   * Bytes queued for a peer above which it is hung up on; default 16 MiB. Make it at least two of
   * the largest messages.
   */
  outboxBytes: number;
  /** Milliseconds that publishers wait for a receiver that is behind; default 250. */
  graceMs: number;
  /** Messages in a mailbox above which publishers wait for the next turn; default 1,024. */
  mailboxHighWater: number;
  /** Milliseconds without progress in which our last words must leave; default 10,000. */
  closeMs: number;
  /**
   * Milliseconds to wait, after our last word, for the peer to hang up or to send more of what
   * nobody wants any more; default 2,000.
   */
  lingerMs: number;
  /** Milliseconds to wait for that at most; default 30,000. */
  maxLingerMs: number;
}

/** A slow peer costs 16 MiB at most; the kernel's socket buffers hold some MiB more. */
export const connectionDefaults: ConnectionLimits = {
  outboxHighWaterBytes: 256 << 10,
  outboxBytes: 16 << 20,
  graceMs: 250,
  mailboxHighWater: 1024,
  lingerMs: 2_000,
  maxLingerMs: 30_000,
  closeMs: 10_000,
};

/** What a connection needs besides its stream. */
export interface ConnectionOptions {
  open: OpenSession;
  /** The name of the listener that it came in through. */
  listener: string;
  space: Space;
  log: Log;
  limits: ConnectionLimits;
}
