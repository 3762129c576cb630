import type { ConnectionLimits } from "./connection_options.ts";

/** A read of so many bytes shows that an upload goes on; a trickle is not worth waiting for. */
const UPLOAD_BYTES = 1024;

/**
 * How long a connection that has said everything still reads, and throws away, what its peer sends.
 * Closing a socket with unread input resets it, and the reset may overtake our last words
 * (RFC 9112 §9.6).
 */
export class Lingering {
  /** When to wait no longer. */
  goneBy: number;
  readonly #lingerMs: number;
  readonly #endBy: number;

  constructor({ lingerMs, maxLingerMs }: ConnectionLimits, now: number) {
    this.goneBy = now + lingerMs;
    this.#lingerMs = lingerMs;
    this.#endBy = now + maxLingerMs;
  }

  /** The peer has sent so many bytes more; answers when to wait no longer. */
  heard(bytes: number, now: number): number {
    if (bytes >= UPLOAD_BYTES) this.goneBy = Math.min(now + this.#lingerMs, this.#endBy);
    return this.goneBy;
  }
}
