import type { Hub, OpenSession, ProtocolError, Session, Wire } from "../session.ts";
import { Answer } from "./answer.ts";
import { Code, type Message, NONE } from "./codec.ts";
import { type CoapLimits, defaults } from "./limits.ts";
import { isWanted, readRequest } from "./request.ts";
import { Requests } from "./requests.ts";
import {
  abort,
  asksForCustody,
  checkOptions,
  csm,
  isSignal,
  ping,
  pong,
  release,
  type SignalBody,
  SignalError,
} from "./signaling.ts";
import { decodeFrame, type FrameLimits, Signal } from "./stream_codec.ts";
import type { CoapStreamOptions } from "./stream_options.ts";
import { StreamLayer } from "./stream_layer.ts";

/** Bytes of the options of a message whose payload is as long as is allowed. */
export const OPTION_BYTES = 4096;

/** Pings whose Pong may wait: further ones get theirs without custody. */
const MAX_PINGS = 16;

/** CoAP over TCP or TLS (RFC 8323), as the server. */
class CoapStreamSession implements Session {
  readonly label = "coap";
  readonly #wire: Wire;
  readonly #hub: Hub;
  readonly #layer: StreamLayer;
  readonly #requests: Requests;
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
  /** The Release that is said when the gateway stops. */
  readonly #goodbye: SignalBody;

  constructor(
    wire: Wire,
    hub: Hub,
    { limits, goodbye }: { limits: CoapLimits; goodbye: SignalBody },
    now: number,
  ) {
    this.#wire = wire;
    this.#hub = hub;
    this.#goodbye = goodbye;
    this.#layer = new StreamLayer(wire, limits);
    this.#requests = new Requests(hub, this.#layer);
    const { maxMessageBytes: carried = Infinity } = wire;
    const maxMessageBytes = Math.min(limits.maxPayloadBytes + OPTION_BYTES, carried);
    this.#frames = { maxMessageBytes, maxOptions: limits.maxOptions };
    this.#silentAt = now + limits.csmTimeoutMs;
    this.#say(Signal.csm, csm(maxMessageBytes));
  }

  get deadline(): number {
    return Math.min(this.#requests.deadline, this.#layer.deadlines.next, this.#silentAt);
  }

  receive(bytes: Uint8Array, now: number): number {
    let used = 0;
    while (!this.#wire.paused) {
      let frame = decodeFrame(bytes.subarray(used), this.#frames);
      if (frame === undefined) break;
      const end = used + frame.used;
      // What waits outlives the bytes.
      if (this.#requests.mayWait) frame = decodeFrame(bytes.slice(used, end), this.#frames)!;
      used = end;
      this.#receive(frame.message, now);
      this.#settle();
    }
    if (used > 0) this.#heard(now);
    return used;
  }

  signal(signal: unknown, now: number): void {
    this.#requests.signal(signal, now);
    this.#settle();
  }

  tick(now: number): void {
    this.#requests.tick(now);
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
    this.#requests.changes.flush(now);
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

  shutdown(now: number): void {
    this.#requests.shutdown(now);
    this.#say(Signal.release, this.#goodbye);
    this.#wire.close();
  }

  ended(): void {
    this.#requests.end();
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
    // An answer, to no question of ours.
    if (code >> 5 !== 0) return this.#hub.count("coap.ignored");
    this.#answer(message, now);
  }

  #answer(message: Message, now: number): void {
    const request = readRequest(message), layer = this.#layer, { peer } = layer;
    if (request instanceof Answer) return layer.respond(message, peer, request);
    const from = { peer, address: peer.address, now };
    const answer = this.#requests.answer(request, from, this.#wire.peer);
    if (answer !== undefined && isWanted(request, answer)) layer.respond(message, peer, answer);
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
    const { isBusy } = this.#requests, waits = asksForCustody && isBusy;
    if (waits && this.#pings.length < MAX_PINGS) this.#pings.push(token.slice());
    else this.#say(Signal.pong, pong(asksForCustody && !isBusy), token);
  }

  /** After every turn: does what waits until requests have their answers. */
  #settle(): void {
    this.#pace();
    if (this.#requests.isBusy) return;
    for (const token of this.#pings.splice(0)) this.#say(Signal.pong, pong(true), token);
    // RFC 8323 §5.5: what is in flight is still answered.
    if (this.#isReleased) this.#wire.close();
  }

  /** A peer that does not read, or has as many requests under way as it may, is not read from. */
  #pace(): void {
    const { lates } = this.#requests, { peer, limits: { maxRepliesPerPeer } } = this.#layer;
    const isHeld = this.#wire.full || lates.size > 0 && peer.replies >= maxRepliesPerPeer;
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

/**
 * Speaks CoAP over TCP, TLS or anything else that is a stream (RFC 8323), as the server, with
 * Observe and with blocks of any size that both sides take. A client that breaks the rules of the
 * stream is told why, and hung up on. Throws a `TypeError` when the options cannot be said.
 *
 * @example A ping and its pong, after the messages with which both sides begin
 * ```ts
 * import { coapStream, gateway, MemoryTransport } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const memory = new MemoryTransport();
 * await hub.listen(memory, coapStream()).ready;
 * const client = memory.connect();
 * await client.write(Uint8Array.of(0x00, 0xe1, 0x01, 0xe2, 0x2a)); // CSM; Ping with token 2a
 * const heard: number[] = [], chunk = new Uint8Array(64);
 * while (!heard.includes(0xe3)) heard.push(...chunk.subarray(0, (await client.read(chunk))!));
 * assert.deepEqual(heard.slice(-3), [0x01, 0xe3, 0x2a]); // Pong with token 2a
 * client.close();
 * ```
 */
export function coapStream(options: CoapStreamOptions = {}): OpenSession {
  const { alternatives, holdOffSeconds, ...set } = options, limits = { ...defaults, ...set };
  const goodbye = release({ alternatives, holdOffSeconds });
  return (wire, hub, now) => new CoapStreamSession(wire, hub, { limits, goodbye }, now);
}
