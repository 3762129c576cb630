import { type OpenSession, ProtocolError, type Session } from "../session.ts";
import { Backlog } from "./frames/backlog.ts";
import { FINAL } from "./frames/codec.ts";
import { closeCodes, opcodes } from "./frames/codes.ts";
import type { Link } from "./mode.ts";
import { Tunnel } from "./tunnel.ts";

/** How a protocol's messages in a WebSocket differ from those in a stream. */
export interface Framing {
  /** Bytes of the longest message that is taken. */
  readonly maxMessageBytes: number;
  /** Turns a message of a stream into one of a WebSocket, and back. */
  toSocket(bytes: Uint8Array): Uint8Array;
  toStream(bytes: Uint8Array): Uint8Array;
}

/** A wire for a protocol, such as CoAP, each of whose messages is one message of the WebSocket. */
export class MessageWire extends Tunnel {
  // CoAP has its own pings: those of WebSocket would be one kind too many (RFC 8323 §4.4).
  readonly isWatchful = true;
  protected inner: Session;
  readonly #framing: Framing;
  /** The beginning of a message whose rest has not come yet. */
  readonly #rest = new Backlog();
  /** Bytes of the present message, in all of its frames that have begun. */
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
    // After a Close frame nothing is sent. The link hangs up on a peer that is too far behind.
    if (this.link.open) this.link.frame(FINAL | opcodes.binary, this.#framing.toSocket(bytes));
    return true;
  }

  override ended(now: number): void {
    this.#rest.clear();
    super.ended(now);
  }
}
