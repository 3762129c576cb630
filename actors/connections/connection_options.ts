import type { OpenSession } from "../../protocols/session.ts";
import type { Log } from "../log.ts";
import type { Space } from "../space/space.ts";

/**
 * How much may wait for one connection's peer, and for how long.
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
  /** Bytes queued for a peer above which those who publish to it wait; default 256 KiB. */
  outboxHighWaterBytes: number;
  /**
   * Bytes queued for a peer above which its connection is closed; default 16 MiB. At least twice
   * the largest message.
   */
  outboxBytes: number;
  /**
   * Milliseconds that publishers wait for a peer that is behind; default 250. After that they go on
   * without it: it loses messages of QoS 0 until it has caught up.
   */
  graceMs: number;
  /** Messages in a mailbox above which publishers wait until some were read; default 1,024. */
  mailboxHighWater: number;
  /**
   * Milliseconds after which a closing connection ends, if none of its queued output has left;
   * default 10,000.
   */
  closeMs: number;
  /**
   * Milliseconds that a connection stays open after its last output, so that the peer can read it
   * and hang up first; default 2,000. What the peer still uploads begins them anew.
   */
  lingerMs: number;
  /** Milliseconds that a connection stays open after its last output at most; default 30,000. */
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
