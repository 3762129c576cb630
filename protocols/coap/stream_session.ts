import type { ProtocolError, Session, Wire } from "../session.ts";
import { Code, type Message, NONE } from "./codec.ts";
import type { CoapLimits } from "./limits.ts";
import {
  abort,
  csm,
  isSignal,
  maxMessageBytesOf,
  plain,
  pong,
  type SignalBody,
  strangerOf,
} from "./signaling.ts";
import { decodeFrame, type FrameLimits, Signal } from "./stream_codec.ts";
import { StreamLayer } from "./stream_layer.ts";

/** Bytes of the options of a message whose payload is as long as is allowed. */
export const OPTION_BYTES = 4096;

/** Requests and answers that one stream carries: those of a server, or of a client. */
export interface Conversation {
  readonly deadline: number;
  /** True when a message may outlive the bytes that it came in. */
  readonly mayWait: boolean;
  /** True when somebody waits for an answer. */
  readonly isBusy: boolean;
  receive(message: Message, now: number): void;
  signal(signal: unknown, now: number): void;
  tick(now: number): void;
  drained(now: number): void;
  shutdown(now: number): void;
  ended(now: number): void;
}

/** CoAP over TCP or TLS (RFC 8323): messages and signals, whichever side this is. */
export class CoapStreamSession implements Session {
  readonly label = "coap";
  readonly #wire: Wire;
  readonly #layer: StreamLayer;
  readonly #conversation: Conversation;
  readonly #frames: FrameLimits;
  /** True once the peer's CSM has come. */
  #isAgreed = false;
  /** The peer wants to hang up as soon as it has its answers. */
  #isReleased = false;
  /** When the peer has been silent for too long. */
  #silentAt: number;
  /** True when it was pinged, and has said nothing since. */
  #isAsked = false;

  constructor(
    wire: Wire,
    limits: CoapLimits,
    converse: (layer: StreamLayer) => Conversation,
    now: number,
  ) {
    this.#wire = wire;
    this.#layer = new StreamLayer(wire, limits);
    this.#conversation = converse(this.#layer);
    const maxMessageBytes = limits.maxPayloadBytes + OPTION_BYTES;
    this.#frames = { maxMessageBytes, maxOptions: limits.maxOptions };
    this.#silentAt = now + limits.csmTimeoutMs;
    this.#say(Signal.csm, csm(maxMessageBytes));
  }

  get deadline(): number {
    return Math.min(this.#conversation.deadline, this.#layer.deadlines.next, this.#silentAt);
  }

  receive(bytes: Uint8Array, now: number): number {
    let used = 0;
    while (!this.#wire.paused) {
      let frame = decodeFrame(bytes.subarray(used), this.#frames);
      if (frame === undefined) break;
      const end = used + frame.used;
      // What waits outlives the bytes.
      if (this.#conversation.mayWait) frame = decodeFrame(bytes.slice(used, end), this.#frames)!;
      used = end;
      this.#receive(frame.message, now);
    }
    if (used > 0 && this.#isAgreed) {
      this.#silentAt = now + this.#layer.limits.pingAfterMs;
      this.#isAsked = false;
    }
    return used;
  }

  signal(signal: unknown, now: number): void {
    this.#conversation.signal(signal, now);
    this.#leave();
  }

  tick(now: number): void {
    this.#conversation.tick(now);
    this.#layer.deadlines.run(now);
    this.#leave();
    if (now < this.#silentAt) return;
    if (!this.#isAgreed) return this.#abort("No CSM came");
    if (this.#isAsked) return this.#abort("No answer to a ping came");
    this.#isAsked = true;
    this.#silentAt = now + this.#layer.limits.pingAfterMs;
    this.#say(Signal.ping);
  }

  drained(now: number): void {
    this.#layer.drained(now);
    this.#conversation.drained(now);
    if (this.#wire.paused) this.#wire.resume();
  }

  refuse(error: ProtocolError): void {
    this.#say(Signal.abort, abort(error.message));
  }

  overloaded(): void {
    this.#say(Signal.abort, abort("What was sent is not read"));
  }

  unstored(): void {
    this.#say(Signal.abort, abort("The store cannot be written"));
  }

  shutdown(now: number): void {
    this.#conversation.shutdown(now);
    this.#say(Signal.release);
    this.#wire.close();
  }

  ended(now: number): void {
    this.#conversation.ended(now);
  }

  /** What is subscribed has receivers of its own. */
  deliver(): void {}

  #receive(message: Message, now: number): void {
    const { code } = message;
    if (isSignal(code)) return this.#heed(message);
    // Says nothing, so that the connection stays open (RFC 8323 §3.4).
    if (code === Code.empty) return;
    if (!this.#isAgreed) return this.#abort("A CSM must come first");
    this.#conversation.receive(message, now);
    // Whoever does not read answers is not asked for more requests.
    if (this.#wire.full) this.#wire.pause();
    this.#leave();
  }

  #heed(message: Message): void {
    const stranger = strangerOf(message), { code, token } = message;
    if (stranger !== undefined) {
      const bad = code === Signal.csm ? stranger : undefined;
      return this.#abort(`Option ${stranger} of a signal is not understood`, bad);
    }
    if (code === Signal.csm) {
      this.#isAgreed = true;
      const bytes = maxMessageBytesOf(message);
      if (bytes !== undefined) this.#layer.composer.limitTo(bytes);
    } else if (!this.#isAgreed) this.#abort("A CSM must come first");
    else if (code === Signal.ping) this.#say(Signal.pong, pong(message), token);
    else if (code === Signal.abort) this.#wire.close();
    else if (code === Signal.release) {
      this.#isReleased = true;
      this.#leave();
    }
  }

  /** Hangs up after a Release, as soon as every request has its answer (RFC 8323 §5.5). */
  #leave(): void {
    if (this.#isReleased && !this.#conversation.isBusy) this.#wire.close();
  }

  #abort(reason: string, badOption?: number): void {
    this.#say(Signal.abort, abort(reason, badOption));
    this.#wire.close();
  }

  #say(code: number, body: SignalBody = plain, token: Uint8Array = NONE): void {
    this.#layer.say(code, token, body);
  }
}
