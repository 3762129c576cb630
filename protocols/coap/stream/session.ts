import { wordsOfEnd } from "../../grant.ts";
import type { ProtocolError, Session, Wire } from "../../session.ts";
import type { CoapLimits } from "../limits.ts";
import { Code, type Message, NONE } from "../messages/codec.ts";
import { decodeFrame, type FrameLimits, Signal } from "./codec.ts";
import { StreamLayer } from "./layer.ts";
import {
  abort,
  asksForCustody,
  checkOptions,
  csm,
  isSignal,
  ping,
  pong,
  type SignalBody,
  SignalError,
} from "./signaling.ts";

/** 4 KiB for the options of a message, in addition to the longest payload. */
export const OPTION_BYTES = 4096;

/** 16 pings whose Pong may wait. Further ones are answered at once, without custody. */
const MAX_PINGS = 16;

/** What one stream carries besides signals: the requests and answers of a server, or a client. */
export interface Conversation {
  readonly deadline: number;
  /** True when a message may outlive its turn, so that it must be copied. */
  readonly mayWait: boolean;
  /** True when a request waits for its answer. */
  readonly isBusy: boolean;
  /** True while no more messages are taken, because too many wait for their answers. */
  readonly isFull: boolean;
  /** The Release to send when the gateway stops. */
  readonly goodbye: SignalBody;
  receive(message: Message, now: number): void;
  signal(signal: unknown, now: number): void;
  tick(now: number): void;
  drained(now: number): void;
  shutdown(now: number): void;
  ended(now: number): void;
}

/** CoAP over TCP, TLS or WebSocket (RFC 8323): messages and signals, as server or client. */
export class CoapStreamSession implements Session {
  readonly label = "coap";
  readonly #wire: Wire;
  readonly #layer: StreamLayer;
  readonly #conversation: Conversation;
  readonly #frames: FrameLimits;
  /** True once the peer's CSM has come. */
  #isAgreed = false;
  /** True once the peer has sent Release: it hangs up as soon as it has its answers. */
  #isReleased = false;
  /** When the peer will have been silent for too long. */
  #silentAt: number;
  /** True when the peer was pinged, and has been silent since. */
  #isAsked = false;
  /** True while the peer is not read from. */
  #isHeld = false;
  /** Tokens of pings whose Pong waits until all requests before them have been answered. */
  #pings: Uint8Array[] = [];

  constructor(
    wire: Wire,
    limits: CoapLimits,
    converse: (layer: StreamLayer) => Conversation,
    now: number,
  ) {
    this.#wire = wire;
    this.#layer = new StreamLayer(wire, limits);
    this.#conversation = converse(this.#layer);
    const { maxMessageBytes: carried = Infinity } = wire;
    const maxMessageBytes = Math.min(limits.maxPayloadBytes + OPTION_BYTES, carried);
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
      // A message that waits outlives the input.
      if (this.#conversation.mayWait) frame = decodeFrame(bytes.slice(used, end), this.#frames)!;
      used = end;
      this.#receive(frame.message, now);
      this.#settle();
    }
    if (used > 0) this.#heard(now);
    return used;
  }

  signal(signal: unknown, now: number): void {
    this.#conversation.signal(signal, now);
    this.#settle();
  }

  tick(now: number): void {
    this.#conversation.tick(now);
    this.#layer.deadlines.run(now);
    this.#settle();
    if (now < this.#silentAt) return;
    if (!this.#isAgreed) return this.#abort("No CSM came");
    if (this.#isAsked) return this.#abort("No answer to a ping came");
    this.#isAsked = true;
    this.#silentAt = now + this.#layer.limits.pingAfterMs;
    this.#say(Signal.ping, ping());
  }

  drained(now: number): void {
    // A peer that reads is there, even while its own bytes must wait.
    this.#heard(now);
    this.#layer.drained(now);
    this.#conversation.drained(now);
    this.#settle();
  }

  refuse(error: ProtocolError): void {
    const badOption = error instanceof SignalError ? error.badOption : undefined;
    this.#say(Signal.abort, abort(error.message, badOption));
  }

  overloaded(): void {
    this.#say(Signal.abort, abort("What was sent is not read"));
  }

  unstored(): void {
    this.#say(Signal.abort, abort("The store cannot be written"));
  }

  revoked(now: number): void {
    this.#say(Signal.abort, abort(wordsOfEnd.revoked));
    this.#conversation.ended(now);
  }

  shutdown(now: number): void {
    this.#conversation.shutdown(now);
    this.#say(Signal.release, this.#conversation.goodbye);
    this.#wire.close();
  }

  ended(now: number): void {
    this.#conversation.ended(now);
  }

  /** Observers are receivers of their own, so nothing is delivered here. */
  deliver(): void {}

  /** The peer has given a sign of life, which does not stand in for its CSM. */
  #heard(now: number): void {
    if (!this.#isAgreed) return;
    this.#silentAt = now + this.#layer.limits.pingAfterMs;
    this.#isAsked = false;
  }

  #receive(message: Message, now: number): void {
    const { code } = message;
    if (isSignal(code)) return this.#heed(message);
    // An empty message only keeps the connection open (RFC 8323 §3.4).
    if (code === Code.empty) return;
    this.#checkAgreed();
    this.#conversation.receive(message, now);
  }

  #heed(message: Message): void {
    const { code, token } = message;
    checkOptions(message);
    if (code === Signal.csm) {
      this.#layer.capabilities.add(message);
      this.#isAgreed = true;
      return;
    }
    this.#checkAgreed();
    if (code === Signal.ping) this.#pong(token, asksForCustody(message));
    else if (code === Signal.abort) this.#wire.close();
    else if (code === Signal.release) this.#isReleased = true;
  }

  #checkAgreed(): void {
    // Anything else before the CSM ends the connection (RFC 8323 §5.3).
    if (!this.#isAgreed) throw new SignalError("A CSM must come first");
  }

  #pong(token: Uint8Array, asksForCustody: boolean): void {
    const { isBusy } = this.#conversation, waits = asksForCustody && isBusy;
    if (waits && this.#pings.length < MAX_PINGS) this.#pings.push(token.slice());
    else this.#say(Signal.pong, pong(asksForCustody && !isBusy), token);
  }

  /** After every turn: does what has waited for the answers to requests. */
  #settle(): void {
    this.#pace();
    if (this.#conversation.isBusy) return;
    for (const token of this.#pings.splice(0)) this.#say(Signal.pong, pong(true), token);
    // Requests before the Release were still answered (RFC 8323 §5.5).
    if (this.#isReleased) this.#wire.close();
  }

  /** Reads from the peer unless it does not read itself, or has too many requests under way. */
  #pace(): void {
    const isHeld = this.#wire.full || this.#conversation.isFull;
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) this.#wire.pause();
    else this.#wire.resume();
  }

  #abort(reason: string): void {
    this.#say(Signal.abort, abort(reason));
    this.#wire.close();
  }

  #say(code: number, body: SignalBody, token: Uint8Array = NONE): void {
    this.#layer.say(code, token, body);
  }
}
