import { wordsOfEnd } from "../grant.ts";
import type { Delivery } from "../publication.ts";
import { type Hub, ProtocolError, type Session, type Wire } from "../session.ts";
import { type Close, closeFrame, readClose } from "./frames/close.ts";
import { FINAL, headerOf } from "./frames/codec.ts";
import { closeCodes, isCloseCode, opcodes } from "./frames/codes.ts";
import type { Deflation } from "./frames/deflation.ts";
import { FrameReader, type FrameTarget } from "./frames/frame_reader.ts";
import { maskedFrameOf } from "./frames/masked.ts";
import { compressedFrame } from "./frames/shared_frames.ts";
import type { WebSocketLimits } from "./limits.ts";
import { Liveness } from "./liveness.ts";
import type { Link, Mode, OpenMode } from "./mode.ts";

const NOTHING = new Uint8Array(0);

/** What a WebSocket session is made of. */
interface WebSocketSessionOptions {
  open: OpenMode;
  /** Called when the WebSocket is over. */
  left?: (() => void) | undefined;
  limits: WebSocketLimits;
  now: number;
  /** Set when compression was agreed on. */
  deflation?: Deflation | undefined;
  /** Default: `server`. */
  role?: "server" | "client";
}

/** One side of one WebSocket (RFC 6455), after its handshake. */
export class WebSocketSession implements Session, Link, FrameTarget {
  readonly #mode: Mode;
  readonly #reader: FrameReader;
  readonly #isClient: boolean;
  readonly deflation: Deflation | undefined;
  readonly #limits: WebSocketLimits;
  /** `closing`: our Close frame is sent, the peer's has not come. `closed`: nothing may be sent. */
  #state: "open" | "closing" | "closed" = "open";
  readonly #liveness: Liveness;
  readonly #left: (() => void) | undefined;
  #closeBy = Infinity;
  /** True while the peer is not read from because it does not read itself. */
  #waiting = false;
  /** True while the mode wants no input. */
  #held = false;
  /** The payload of the latest ping, while there is no room for its pong. */
  #owed: Uint8Array | undefined;

  constructor(
    readonly wire: Wire,
    readonly hub: Hub,
    { open, limits, now, left, deflation, role }: WebSocketSessionOptions,
  ) {
    this.#isClient = role === "client";
    this.#reader = new FrameReader(this, { masked: !this.#isClient, limits, deflation });
    this.deflation = deflation;
    this.#left = left;
    this.#limits = limits;
    this.#liveness = new Liveness(limits, now);
    this.#mode = open(this, now);
  }

  get label(): string {
    return `websocket ${this.#mode.label}`;
  }

  get open(): boolean {
    return this.#state === "open";
  }

  get congested(): boolean {
    return this.#mode.congested;
  }

  receive(bytes: Uint8Array, now: number): number {
    if (bytes.length > 0) this.#liveness.heard(now);
    const used = this.#reader.read(bytes, now);
    return this.#state === "closed" ? bytes.length : used;
  }

  get reading(): boolean {
    return !this.wire.paused && !this.#held && this.#state !== "closed";
  }

  // After our Close frame, further messages of the peer are ignored (RFC 6455 §1.4).
  get receiver(): Mode | undefined {
    return this.#state === "open" ? this.#mode : undefined;
  }

  control(opcode: number, payload: Uint8Array): void {
    if (opcode === opcodes.close) {
      const close = readClose(payload);
      if (this.#state !== "closed") this.#mode.closing?.(close, "peer");
      this.#goodbye({ ...close, reason: "" });
    } else if (opcode === opcodes.ping && this.#state === "open") {
      // Only the most recent ping needs an answer (RFC 6455 §5.5.3).
      if (this.wire.full) this.#owed = payload.slice();
      else this.frame(FINAL | opcodes.pong, payload);
    }
  }

  deliver(delivery: Delivery, now: number): void {
    // After a Close frame, too: MQTT inside may keep it for the client's next connection.
    this.#mode.deliver(delivery, now);
  }

  signal(signal: unknown, now: number): void {
    this.#mode.signal?.(signal, now);
  }

  send(frame: Uint8Array): void {
    const { deflation } = this;
    this.#say(deflation === undefined ? frame : compressedFrame(frame, deflation));
    if (this.#state === "open" && this.wire.full && !this.#waiting) {
      this.#waiting = true;
      this.wire.pause();
    }
  }

  frame(first: number, payload: Uint8Array): void {
    if (this.#isClient) return this.#say(maskedFrameOf(first, payload));
    if (this.#state !== "open") return;
    const isSent = this.wire.send(headerOf(first, payload.length)) &&
      (payload.length === 0 || this.wire.send(payload));
    // The header may have been sent without its payload, so not even a Close frame can follow.
    if (!isSent) this.lose();
  }

  get held(): boolean {
    return this.#held;
  }

  hold(): void {
    this.#held = true;
    this.wire.pause();
  }

  release(): void {
    this.#held = false;
    if (!this.#waiting) this.wire.resume();
  }

  #say(frame: Uint8Array): void {
    if (this.#state === "open" && !this.wire.send(frame)) this.lose();
  }

  close(code: number | undefined, reason: string, now: number): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#closeBy = now + this.#limits.closeWithinMs;
    const close = code === undefined ? { reason: "" } : { code, reason };
    this.#mode.closing?.(close, "us");
    this.wire.send(closeFrame(close, this.#isClient));
    // The peer's Close frame is awaited now, so its input must be read whatever else waits.
    this.#waiting ||= this.#held;
    this.#held = false;
    this.#readOn();
  }

  hangUp(code: number, reason: string): void {
    this.#fail(code, reason);
  }

  #fail(code: number, reason: string): void {
    if (this.#state === "open") this.#mode.closing?.({ code, reason }, "fault");
    this.#goodbye({ code, reason });
  }

  lose(): void {
    this.#state = "closed";
    this.wire.close();
  }

  #goodbye(close: Close): void {
    if (this.#state === "open") this.wire.send(closeFrame(close, this.#isClient));
    if (this.#state !== "closed") this.lose();
  }

  get deadline(): number {
    if (this.#state !== "open") return this.#state === "closing" ? this.#closeBy : Infinity;
    return Math.min(this.#silentAt, this.#mode.deadline);
  }

  /** When the peer's silence has to be judged. */
  get #silentAt(): number {
    return this.#mode.isWatchful === true ? Infinity : this.#liveness.deadline;
  }

  tick(now: number): void {
    if (this.#state === "open" && this.#mode.deadline <= now) this.#mode.tick(now);
    if (this.#state === "closing" && this.#closeBy <= now) this.lose();
    if (this.#state === "open" && this.#silentAt <= now) this.#judge(now);
  }

  #judge(now: number): void {
    const verdict = this.#liveness.judge(now, this.wire.full || this.wire.paused);
    if (verdict === "ping") this.frame(FINAL | opcodes.ping, NOTHING);
    if (verdict === "hang up") this.hangUp(closeCodes.goingAway, "Nothing came after a ping");
  }

  drained(now: number): void {
    // A peer that reads is there, even if its own bytes cannot be read yet.
    this.#liveness.heard(now);
    const owed = this.#owed;
    this.#owed = undefined;
    if (owed !== undefined) this.frame(FINAL | opcodes.pong, owed);
    if (this.#state !== "closed") this.#mode.drained(now);
    if (!this.wire.full) this.#readOn();
  }

  #readOn(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    if (!this.#held) this.wire.resume();
  }

  refuse(error: ProtocolError): void {
    const code = isCloseCode(error.code) ? error.code : closeCodes.protocolError;
    this.#fail(code, error.message);
  }

  overloaded(now: number): void {
    this.#mode.overloaded(now);
    this.#fail(closeCodes.tryAgainLater, "Too far behind");
  }

  unstored(now: number, unsaid: Uint8Array): void {
    this.#mode.unstored?.(now, unsaid);
    this.#goodbye({ code: closeCodes.tryAgainLater, reason: "The store cannot be written" });
  }

  revoked(now: number): void {
    this.#mode.revoked?.(now);
    this.#fail(closeCodes.policyViolation, wordsOfEnd.revoked);
  }

  shutdown(now: number): void {
    this.#mode.shutdown(now);
  }

  ended(now: number): void {
    this.#state = "closed";
    this.#mode.ended(now);
    this.#left?.();
  }
}
