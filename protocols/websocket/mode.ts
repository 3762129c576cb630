import type { Decided } from "../guard.ts";
import type { Delivery } from "../publication.ts";
import type { Hub, Wire } from "../session.ts";
import type { Close } from "./frames/close.ts";
import type { Deflation } from "./frames/deflation.ts";

/** A WebSocket as its mode sees it. */
export interface Link {
  readonly wire: Wire;
  readonly hub: Hub;
  /**
   * Sends a message, given as an unmasked frame. While the peer does not read, it is not read from.
   */
  send(frame: Uint8Array): void;
  /** Sends one frame with this first byte (RFC 6455 §5.2). The caller has to heed `wire.full`. */
  frame(first: number, payload: Uint8Array): void;
  /** Compresses messages; undefined when that was not agreed on. */
  readonly deflation: Deflation | undefined;
  /** Reads no more of the peer's frames before `release`. */
  hold(): void;
  release(): void;
  /** True between `hold` and `release`. */
  readonly held: boolean;
  /** Begins the closing handshake (RFC 6455 §7.1.2). */
  close(code: number | undefined, reason: string, now: number): void;
  /** Sends a Close frame, and hangs up without waiting for the peer's. */
  hangUp(code: number, reason: string): void;
  /** Hangs up without a Close frame, for which the peer is too far behind. */
  lose(): void;
  /** False once a Close frame has been sent, which no frame may follow (RFC 6455 §5.5.1). */
  readonly open: boolean;
}

/**
 * What one WebSocket carries: messages of a topic, JSON, another protocol, a handler's messages.
 */
export interface Mode {
  readonly label: string;
  /** True when the bounds of messages have no meaning, so that small ones may come joined. */
  readonly isStream?: boolean;
  /** True when the protocol inside finds out by itself whether the peer is still there. */
  readonly isWatchful?: boolean;
  /** A data frame begins, of a message that is text or not; `final` when it is the last of it. */
  frame(text: boolean, length: number, final: boolean): void;
  /**
   * Takes the next piece of payload, a view valid during the call; `last` when it ends the message.
   * Returns how many bytes were used: fewer only while the wire is paused, and the rest comes
   * again.
   */
  data(bytes: Uint8Array, last: boolean, now: number): number;
  /** The WebSocket closes: what the peer's Close frame says, or ours, and whose doing it is. */
  closing?(close: Close, cause: "peer" | "us" | "fault"): void;
  deliver(delivery: Delivery, now: number): void;
  signal?(signal: unknown, now: number): void;
  readonly deadline: number;
  tick(now: number): void;
  readonly congested: boolean;
  drained(now: number): void;
  /** As `Session.unstored`: what was sent since something had to be recorded never arrives. */
  unstored?(now: number, unsaid: Uint8Array): void;
  overloaded(now: number): void;
  /** What the peer was let in by holds no more. */
  revoked?(now: number): void;
  shutdown(now: number): void;
  ended(now: number): void;
}

/** Makes the mode of a WebSocket that has been opened. */
export type OpenMode = (link: Link, now: number) => Mode;

/** Asks a question and passes the answer to `then`. Until it has come, no frame is read. */
export function ask<T>(
  link: Link,
  question: (decided: Decided<T>) => void,
  then: Decided<T>,
): void {
  let isAnswered = false, isLate = false;
  question((answer, now) => {
    isAnswered = true;
    if (!isLate) return then(answer, now);
    if (!link.open) return;
    then(answer, now);
    link.release();
  });
  isLate = true;
  if (!isAnswered) link.hold();
}
