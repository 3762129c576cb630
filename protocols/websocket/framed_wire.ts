import type { Delivery } from "../publication.ts";
import { type OpenSession, type Peer, ProtocolError, type Session, type Wire } from "../session.ts";
import { Backlog } from "./backlog.ts";
import { FINAL, headerSize, MAX_CONTROL_BYTES, writeHeader } from "./codec.ts";
import { closeCodes, opcodes } from "./codes.ts";
import type { Link, Mode } from "./mode.ts";

const FIRST = FINAL | opcodes.binary;

/** Headers of small binary frames by payload length: most packets are small. */
const smallHeaders = Array.from({ length: MAX_CONTROL_BYTES + 1 }, (_, length) => {
  const header = new Uint8Array(2);
  writeHeader(header, FIRST, length);
  return header;
});
const scratch = new Uint8Array(10);
const mediumHeader = scratch.subarray(0, headerSize(0xffff));

/**
 * Another protocol inside binary frames: to the session inside this is its wire, to the
 * WebSocket it is its mode. Where frames begin and end means nothing to what is inside
 * [MQTT-6.0.0-1], and the inside has its own limits.
 */
export class FramedWire implements Wire, Mode {
  readonly isStream = true;
  #inner: Session;
  readonly #link: Link;
  readonly #wire: Wire;
  /** The beginning of a packet whose rest has not come. */
  readonly #rest = new Backlog();
  #closeCode: number = closeCodes.normal;

  constructor(link: Link, open: OpenSession, now: number) {
    this.#link = link;
    this.#wire = link.wire;
    this.#inner = open(this, link.hub, now);
  }

  get label(): string {
    return this.#inner.label;
  }

  frame(text: boolean): void {
    if (text) {
      throw new ProtocolError(
        "Cannot read a text frame: send binary frames", // [MQTT-6.0.0-1]
        closeCodes.unsupportedData,
      );
    }
  }

  data(bytes: Uint8Array, _last: boolean, now: number): number {
    if (this.#rest.size > 0) return this.#resume(bytes, now);
    const used = this.#offer(bytes, now);
    if (used === bytes.length || this.paused) return used;
    this.#rest.append(bytes.subarray(used));
    return bytes.length;
  }

  #resume(bytes: Uint8Array, now: number): number {
    this.#rest.append(bytes);
    this.#rest.drop(this.#offer(this.#rest.view, now));
    if (!this.paused) return bytes.length;
    // Left with the connection, which offers it again when the pause is over.
    const unused = Math.min(this.#rest.size, bytes.length);
    this.#rest.truncate(unused);
    return bytes.length - unused;
  }

  #offer(bytes: Uint8Array, now: number): number {
    const before = this.#inner;
    try {
      const used = before.receive(bytes, now);
      if (this.#inner === before || used === bytes.length) return used;
      return used + this.#offer(bytes.subarray(used), now);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#closeCode = closeCodes.protocolError;
      this.#inner.refuse(error, now);
      throw new ProtocolError(error.message, closeCodes.protocolError);
    }
  }

  get peer(): Peer {
    return this.#wire.peer;
  }

  send(bytes: Uint8Array): boolean {
    const { length } = bytes;
    // After goodbye nothing leaves any more, as on a wire that is being closed.
    if (length === 0 || !this.#link.open) return true;
    if (this.#wire.send(headerOf(length)) && this.#wire.send(bytes)) return true;
    // A header may be out without its payload: not even a Close frame can follow.
    this.#link.lose();
    return false;
  }

  get full(): boolean {
    return this.#wire.full;
  }

  get paused(): boolean {
    return this.#link.held || this.#wire.paused || !this.#link.open;
  }

  pause(): void {
    this.#link.hold();
  }

  resume(): void {
    this.#link.release();
  }

  close(): void {
    this.#link.hangUp(this.#closeCode, "");
  }

  upgrade(next: Session): void {
    this.#inner = next;
  }

  deliver(delivery: Delivery, now: number): void {
    this.#inner.deliver(delivery, now);
  }

  signal(signal: unknown, now: number): void {
    this.#inner.signal?.(signal, now);
  }

  get deadline(): number {
    return this.#inner.deadline;
  }

  tick(now: number): void {
    this.#inner.tick(now);
  }

  get congested(): boolean {
    return this.#inner.congested ?? false;
  }

  drained(now: number): void {
    this.#inner.drained?.(now);
  }

  overloaded(now: number): void {
    this.#closeCode = closeCodes.tryAgainLater;
    this.#inner.overloaded?.(now);
  }

  unstored(now: number): void {
    this.#closeCode = closeCodes.tryAgainLater;
    this.#inner.unstored?.(now);
  }

  shutdown(now: number): void {
    this.#closeCode = closeCodes.goingAway;
    this.#inner.shutdown(now);
  }

  ended(now: number): void {
    this.#rest.clear();
    this.#inner.ended(now);
  }
}

function headerOf(length: number): Uint8Array {
  if (length <= MAX_CONTROL_BYTES) return smallHeaders[length]!;
  writeHeader(scratch, FIRST, length);
  return length <= 0xffff ? mediumHeader : scratch;
}
