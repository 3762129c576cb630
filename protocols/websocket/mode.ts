import type { Decided } from "../guard.ts";
import type { Delivery } from "../publication.ts";
import type { Hub, Wire } from "../session.ts";
import type { Close } from "./close.ts";
import type { Deflation } from "./deflation.ts";

/** What a mode sees of its WebSocket. */
export interface Link {
  readonly wire: Wire;
  readonly hub: Hub;
  /** Sends a message as an unmasked frame. A peer that does not read is not read from until `drained`. */
  send(frame: Uint8Array): void;
  /** Sends one frame; `first` is its first byte (RFC 6455 §5.2). The caller looks at `wire.full`. */
  frame(first: number, payload: Uint8Array): void;
  /** Compresses messages; undefined when that was not agreed. */
  readonly deflation: Deflation | undefined;
  /** Reads no more of the peer's frames until `release`. */
  hold(): void;
  release(): void;
  /** True between `hold` and `release`. */
  readonly held: boolean;
  /** Begins the closing handshake (RFC 6455 §7.1.2). */
  close(code: number | undefined, reason: string, now: number): void;
  /** Says goodbye and hangs up without waiting for the peer's. */
  hangUp(code: number, reason: string): void;
  /** Hangs up without a word: the peer is too far behind to be told. */
  lose(): void;
  /** False once goodbye has been said: no frame may follow (RFC 6455 §5.5.1). */
  readonly open: boolean;
}

/** What the frames of one WebSocket carry: the messages of a topic, JSON, MQTT. */
export interface Mode {
  readonly label: string;
  /** True when it means nothing where messages begin and end: small ones may come joined. */
  readonly isStream?: boolean;
  /** True when what is inside finds out by itself whether the peer is there. */
  readonly isWatchful?: boolean;
  /** A data frame begins. `text` says what its message is, `final` whether the message ends with it. */
  frame(text: boolean, length: number, final: boolean): void;
  /**
   * The next piece of payload, a view valid during the call; `last` when the message ends with it.
   * Returns how many bytes were used: fewer only when `wire.paused`, and the rest comes again.
   */
  data(bytes: Uint8Array, last: boolean, now: number): number;
  /** The WebSocket ends: what the peer's Close frame says, or ours. */
  closing?(close: Close, cause: "peer" | "us" | "fault"): void;
  deliver(delivery: Delivery, now: number): void;
  signal?(signal: unknown, now: number): void;
  readonly deadline: number;
  tick(now: number): void;
  readonly congested: boolean;
  drained(now: number): void;
  /** What was said since something had to be recorded is void. */
  unstored?(now: number): void;
  overloaded(now: number): void;
  /** What the peer was let in by holds no more. */
  revoked?(now: number): void;
  shutdown(now: number): void;
  ended(now: number): void;
}

/** Begins the inside of a WebSocket. */
export type OpenMode = (link: Link, now: number) => Mode;

/** Asks for something and goes on with the answer; until it is there, no frame is read. */
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
