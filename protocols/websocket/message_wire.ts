import { type OpenSession, ProtocolError, type Session } from "../session.ts";
import { Backlog } from "./backlog.ts";
import { FINAL } from "./codec.ts";
import { closeCodes, opcodes } from "./codes.ts";
import type { Link } from "./mode.ts";
import { Tunnel } from "./tunnel.ts";

/** How the messages of a protocol differ in a WebSocket from those in a stream. */
export interface Framing {
  /** Bytes of the longest message that is taken. */
  readonly maxMessageBytes: number;
  /** A message of a stream as that of a WebSocket, and the other way round. */
  toSocket(bytes: Uint8Array): Uint8Array;
  toStream(bytes: Uint8Array): Uint8Array;
}

/** A protocol inside a WebSocket of which each message is one of its own, as CoAP's are. */
export class MessageWire extends Tunnel {
  // RFC 8323 §4.4: two protocols that ping would be one too many.
  readonly isWatchful = true;
  protected inner: Session;
  readonly #framing: Framing;
  /** The beginning of a message whose rest has not come. */
  readonly #rest = new Backlog();
  /** Bytes of the message that is coming, as far as its frames have begun. */
  #bytes = 0;

  constructor(link: Link, open: OpenSession, framing: Framing, now: number) {
    super(link);
    this.#framing = framing;
    this.inner = open(this, link.hub, now);
  }

  get maxMessageBytes(): number {
    return this.#framing.maxMessageBytes;
  }

  override frame(text: boolean, length: number, final: boolean): void {
    super.frame(text, length, final);
    this.#bytes += length;
    const { maxMessageBytes } = this;
    if (this.#bytes > maxMessageBytes) {
      throw new ProtocolError(
        `Cannot take a message of ${this.#bytes} bytes: ${maxMessageBytes} are allowed`,
        closeCodes.tooBig,
      );
    }
  }

  data(bytes: Uint8Array, last: boolean, now: number): number {
    if (this.paused) return 0;
    const rest = this.#rest;
    if (!last || rest.size > 0) rest.append(bytes);
    if (!last) return bytes.length;
    this.#bytes = 0;
    const whole = rest.size > 0 ? rest.view : bytes;
    this.guarded(now, () => this.inner.receive(this.#framing.toStream(whole), now));
    rest.clear();
    return bytes.length;
  }

  send(bytes: Uint8Array): boolean {
    // After goodbye nothing leaves any more. A peer that is too far behind is hung up on below.
    if (this.link.open) this.link.frame(FINAL | opcodes.binary, this.#framing.toSocket(bytes));
    return true;
  }

  override ended(now: number): void {
    this.#rest.clear();
    super.ended(now);
  }
}
