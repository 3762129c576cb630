import type { Delivery } from "../publication.ts";
import { type Peer, ProtocolError, type Session, type Wire } from "../session.ts";
import { decodeHeader } from "./frames/codec.ts";
import { closeCodes, opcodes } from "./frames/codes.ts";
import type { Link, Mode } from "./mode.ts";

/**
 * Another protocol inside binary frames. To the session of that protocol this is its wire, to the
 * WebSocket it is its mode. The session inside has limits of its own.
 */
export abstract class Tunnel implements Wire, Mode {
  readonly isWebSocket = true;
  protected abstract inner: Session;
  #closeCode: number = closeCodes.normal;

  constructor(protected readonly link: Link) {}

  abstract send(bytes: Uint8Array): boolean;

  abstract data(bytes: Uint8Array, last: boolean, now: number): number;

  frame(text: boolean, _length: number, _final: boolean): void {
    if (text) {
      throw new ProtocolError(
        "Cannot read a text frame: send binary frames", // [MQTT-6.0.0-1]
        closeCodes.unsupportedData,
      );
    }
  }

  /**
   * Runs the session inside. A fault of the peer is refused there first, then ends the WebSocket.
   */
  protected guarded<T>(now: number, act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#closeCode = closeCodes.protocolError;
      this.inner.refuse(error, now);
      throw new ProtocolError(error.message, closeCodes.protocolError);
    }
  }

  get label(): string {
    return this.inner.label;
  }

  get peer(): Peer {
    return this.link.wire.peer;
  }

  get full(): boolean {
    return this.link.wire.full;
  }

  get paused(): boolean {
    return this.link.held || this.link.wire.paused || !this.link.open;
  }

  pause(): void {
    this.link.hold();
  }

  resume(): void {
    this.link.release();
  }

  close(): void {
    this.link.hangUp(this.#closeCode, "");
  }

  upgrade(next: Session): void {
    this.inner = next;
  }

  deliver(delivery: Delivery, now: number): void {
    this.inner.deliver(delivery, now);
  }

  signal(signal: unknown, now: number): void {
    this.inner.signal?.(signal, now);
  }

  get deadline(): number {
    return this.inner.deadline;
  }

  tick(now: number): void {
    this.inner.tick(now);
  }

  get congested(): boolean {
    return this.inner.congested ?? false;
  }

  drained(now: number): void {
    this.inner.drained?.(now);
  }

  overloaded(now: number): void {
    this.#closeCode = closeCodes.tryAgainLater;
    this.inner.overloaded?.(now);
  }

  unstored(now: number, unsaid: Uint8Array): void {
    this.#closeCode = closeCodes.tryAgainLater;
    this.inner.unstored?.(now, firstPayload(unsaid));
  }

  revoked(now: number): void {
    this.#closeCode = closeCodes.policyViolation;
    this.inner.revoked?.(now);
  }

  shutdown(now: number): void {
    this.#closeCode = closeCodes.goingAway;
    this.inner.shutdown(now);
  }

  ended(now: number): void {
    this.inner.ended(now);
  }
}

/** What the first data frame of these, which are ours, brings; control frames may come before it. */
function firstPayload(frames: Uint8Array): Uint8Array {
  for (let at = 0;;) {
    const header = decodeHeader(frames, at, false);
    if (header === undefined) return frames.subarray(frames.length);
    const begin = at + header.size;
    at = begin + header.length;
    if (header.opcode === opcodes.binary) return frames.subarray(begin, at);
  }
}
