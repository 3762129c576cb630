import { wordsOfEnd } from "../../grant.ts";
import type { ProtocolError, Session, Wire } from "../../session.ts";
import { Code, type Message, NONE } from "../codec.ts";
import type { CoapLimits } from "../limits.ts";
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
import { decodeFrame, type FrameLimits, Signal } from "./codec.ts";
import { StreamLayer } from "./layer.ts";

/** Bytes of the options of a message whose payload is as long as is allowed. */
export const OPTION_BYTES = 4096;

/** Pings whose Pong may wait: further ones get theirs without custody. */
const MAX_PINGS = 16;

/** Requests and answers that one stream carries: those of a server, or of a client. */
export interface Conversation {
  readonly deadline: number;
  /** True when a message may outlive the bytes that it came in. */
  readonly mayWait: boolean;
  /** True when somebody waits for an answer. */
  readonly isBusy: boolean;
  /** True when no more messages are taken until some of those before them have been answered. */
  readonly isFull: boolean;
  /** The Release at the end, which we are the first to say. */
  readonly goodbye: SignalBody;
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
  /** True while we let the peer wait. */
  #isHeld = false;
  /** Tokens of pings whose pongs wait until every request before them has its answer. */
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
      // What waits outlives the bytes.
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

  /** What is subscribed has receivers of its own. */
  deliver(): void {}

  /** The peer has given a sign of life, which does not replace its CSM. */
  #heard(now: number): void {
    if (!this.#isAgreed) return;
    this.#silentAt = now + this.#layer.limits.pingAfterMs;
    this.#isAsked = false;
  }

  #receive(message: Message, now: number): void {
    const { code } = message;
    if (isSignal(code)) return this.#heed(message);
    // Says nothing, so that the connection stays open (RFC 8323 §3.4).
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
    // RFC 8323 §3.3: whatever comes instead is an error of the connection.
    if (!this.#isAgreed) throw new SignalError("A CSM must come first");
  }

  #pong(token: Uint8Array, asksForCustody: boolean): void {
    const { isBusy } = this.#conversation, waits = asksForCustody && isBusy;
    if (waits && this.#pings.length < MAX_PINGS) this.#pings.push(token.slice());
    else this.#say(Signal.pong, pong(asksForCustody && !isBusy), token);
  }

  /** After every turn: does what waits until requests have their answers. */
  #settle(): void {
    this.#pace();
    if (this.#conversation.isBusy) return;
    for (const token of this.#pings.splice(0)) this.#say(Signal.pong, pong(true), token);
    // RFC 8323 §5.5: what is in flight is still answered.
    if (this.#isReleased) this.#wire.close();
  }

  /** A peer that does not read is not read from, nor one that has asked more than it may. */
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
