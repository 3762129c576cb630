import { Assembly } from "./frames/assembly.ts";
import type { Close } from "./frames/close.ts";
import { COMPRESSED, FINAL } from "./frames/codec.ts";
import { closeCodes, opcodes } from "./frames/codes.ts";
import type { WebSocketLimits } from "./limits.ts";
import type { Link, Mode } from "./mode.ts";
import type { SocketPort, SocketUser } from "./socket.ts";

/** What waits to be sent: a message with the first byte of its frame, or a Close frame. */
type Waiting = { first: number; bytes: Uint8Array } | { code: number | undefined; reason: string };

/**
 * 1 MiB in one frame: the next waits for room, so that a large message takes little of the outbox.
 */
const FRAME_BYTES = 1 << 20;
const WAKE = Symbol("wake");

/** The mode of a WebSocket whose messages an application's handler gets. */
export class SocketMode implements Mode, SocketPort {
  readonly label: string;
  readonly congested = false;
  readonly deadline = Infinity;
  readonly #link: Link;
  readonly #user: SocketUser;
  readonly #limits: WebSocketLimits;
  readonly #assembly: Assembly;
  /** True during a turn of the connection: what is sent then can be sent at once. */
  #inTurn = false;
  /** True while the session does not know this mode yet, so that it cannot be closed. */
  #opening = false;
  #now: number;
  #waiting: Waiting[] | undefined;
  #waitingBytes = 0;
  #woken = false;
  #ended = false;
  /** True while the peer does not read, and so is not read from. */
  #full = false;
  #paused = false;

  constructor(
    link: Link,
    user: SocketUser,
    { limits, now, label }: { limits: WebSocketLimits; now: number; label: string },
  ) {
    this.#link = link;
    this.#user = user;
    this.#limits = limits;
    this.#now = now;
    this.label = label;
    this.#assembly = new Assembly(limits);
    this.#inTurn = this.#opening = true;
    user.opened(this);
    this.#inTurn = this.#opening = false;
  }

  // --- what the peer says ---

  frame(isText: boolean, length: number, final: boolean): void {
    // Messages that are taken piece by piece may have any length.
    if (this.#user.wantsPieces) this.#assembly.frame(isText, 0, true);
    else this.#assembly.frame(isText, length, final);
  }

  data(bytes: Uint8Array, isLast: boolean, now: number): number {
    if (this.#user.wantsPieces) {
      this.#assembly.check(bytes, isLast);
      this.#tell(bytes, isLast, now);
    } else {
      const message = this.#assembly.add(bytes, isLast);
      if (message !== undefined) this.#tell(message, true, now);
    }
    return bytes.length;
  }

  #tell(bytes: Uint8Array, isLast: boolean, now: number): void {
    this.#now = now;
    this.#inTurn = true;
    this.#user.received(bytes, this.#assembly.text, isLast);
    this.#inTurn = false;
  }

  // --- what the user says ---

  get queuedBytes(): number {
    return this.#waitingBytes + (this.#link.wire.queuedBytes ?? 0);
  }

  send(bytes: Uint8Array, isText: boolean): void {
    if (!this.#link.open) return;
    const first = FINAL | (isText ? opcodes.text : opcodes.binary);
    const { wire } = this.#link;
    const isNow = this.#inTurn && this.#waiting === undefined && !wire.full;
    if (isNow && bytes.length <= FRAME_BYTES) {
      this.#leave(first, bytes);
      if (wire.full) this.#block();
      return;
    }
    if (this.#waitingBytes + bytes.length > this.#limits.maxQueuedBytes) {
      return this.fail(closeCodes.tryAgainLater, "Too far behind");
    }
    this.#waitingBytes += bytes.length;
    this.#later({ first, bytes: bytes.slice() });
  }

  close(code: number | undefined, reason: string): void {
    if (!this.#link.open) return;
    this.#later({ code, reason });
  }

  fail(code: number, reason: string): void {
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    if (this.#inTurn && !this.#opening) this.#link.hangUp(code, reason);
    else this.#link.hub.self.post(() => this.#link.hangUp(code, reason));
  }

  pause(): void {
    this.#paused = true;
    this.#touch(() => this.#hold());
  }

  resume(): void {
    this.#paused = false;
    this.#touch(() => this.#hold());
  }

  #touch(work: () => void): void {
    if (this.#inTurn) work();
    else this.#link.hub.self.post(work);
  }

  #hold(): void {
    const wanted = this.#paused || this.#full;
    if (wanted === this.#link.held || !this.#link.open) return;
    if (wanted) this.#link.hold();
    else this.#link.release();
  }

  // --- on its way out ---

  #later(next: Waiting): void {
    (this.#waiting ??= []).push(next);
    if (this.#inTurn && !this.#opening) return this.#pump();
    if (this.#woken) return;
    this.#woken = true;
    this.#link.hub.self.post(WAKE);
  }

  /** Sends what waits while there is room. */
  #pump(): void {
    const { wire } = this.#link, waiting = this.#waiting;
    if (waiting === undefined) return;
    let at = 0;
    for (; at < waiting.length && this.#link.open && !wire.full; at++) {
      const next = waiting[at]!;
      if ("first" in next) {
        if (!this.#begin(next)) break;
      } else this.#link.close(next.code, next.reason, this.#now);
    }
    if (at === waiting.length || !this.#link.open) {
      this.#waiting = undefined;
      this.#waitingBytes = 0;
    } else if (at > 0) this.#waiting = waiting.slice(at);
    if (this.#waiting !== undefined || wire.full) this.#block();
  }

  /** Sends a message, or fragments of a large one while there is room; false when some is left. */
  #begin(message: { first: number; bytes: Uint8Array }): boolean {
    const { first, bytes } = message;
    if (bytes.length <= FRAME_BYTES) {
      this.#waitingBytes -= bytes.length;
      this.#leave(first, bytes);
      return true;
    }
    this.#link.frame(first & ~FINAL, bytes.subarray(0, FRAME_BYTES));
    this.#waitingBytes -= FRAME_BYTES;
    message.first = FINAL | opcodes.continuation;
    message.bytes = bytes.subarray(FRAME_BYTES);
    return !this.#link.wire.full && this.#begin(message);
  }

  #leave(first: number, bytes: Uint8Array): void {
    const isWhole = (first & 0x0f) !== opcodes.continuation;
    const compressed = isWhole ? this.#link.deflation?.deflate(bytes) : undefined;
    if (compressed === undefined) this.#link.frame(first, bytes);
    else this.#link.frame(first | COMPRESSED, compressed);
  }

  /** The peer does not read, so it is not read from until there is room. */
  #block(): void {
    this.#full = true;
    this.#hold();
  }

  signal(signal: unknown, now: number): void {
    this.#now = now;
    this.#inTurn = true;
    if (signal === WAKE) {
      this.#woken = false;
      this.#pump();
      if (this.#waiting === undefined && !this.#full) this.#user.drained();
    } else if (typeof signal === "function") signal();
    this.#inTurn = false;
  }

  drained(now: number): void {
    this.#now = now;
    this.#inTurn = true;
    this.#pump();
    if (this.#waiting === undefined && !this.#link.wire.full) {
      this.#full = false;
      this.#hold();
      this.#user.drained();
    }
    this.#inTurn = false;
  }

  closing(close: Close, cause: "peer" | "us" | "fault"): void {
    this.#user.closing(close, cause);
  }

  shutdown(now: number): void {
    this.#link.close(closeCodes.goingAway, "The gateway is shutting down", now);
  }

  ended(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting = undefined;
    this.#user.ended();
  }

  deliver(): void {}
  tick(): void {}
  overloaded(): void {}
}
