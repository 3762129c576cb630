import type { Hub, OpenSession, ProtocolError, Session, Wire } from "../session.ts";
import { Answer } from "./answer.ts";
import { Code, type Message, NONE } from "./codec.ts";
import { type CoapLimits, defaults } from "./limits.ts";
import { isWanted, readRequest } from "./request.ts";
import { Requests } from "./requests.ts";
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

  constructor(wire: Wire, hub: Hub, limits: CoapLimits, now: number) {
    this.#wire = wire;
    this.#hub = hub;
    this.#layer = new StreamLayer(wire, limits);
    this.#requests = new Requests(hub, this.#layer);
    const maxMessageBytes = limits.maxPayloadBytes + OPTION_BYTES;
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
    }
    if (used > 0 && this.#isAgreed) {
      this.#silentAt = now + this.#layer.limits.pingAfterMs;
      this.#isAsked = false;
    }
    return used;
  }

  signal(signal: unknown, now: number): void {
    this.#requests.signal(signal, now);
    this.#leave();
  }

  tick(now: number): void {
    this.#requests.tick(now);
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
    this.#requests.changes.flush(now);
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
    this.#requests.shutdown(now);
    this.#say(Signal.release);
    this.#wire.close();
  }

  ended(): void {
    this.#requests.end();
  }

  /** What is subscribed has receivers of its own. */
  deliver(): void {}

  #receive(message: Message, now: number): void {
    const { code } = message;
    if (isSignal(code)) return this.#heed(message);
    // Says nothing, so that the connection stays open (RFC 8323 §3.4).
    if (code === Code.empty) return;
    if (!this.#isAgreed) return this.#abort("A CSM must come first");
    // An answer, to no question of ours.
    if (code >> 5 !== 0) return this.#hub.count("coap.ignored");
    this.#answer(message, now);
    // Whoever does not read answers is not asked for more requests.
    if (this.#wire.full) this.#wire.pause();
    this.#leave();
  }

  #answer(message: Message, now: number): void {
    const request = readRequest(message), layer = this.#layer, { peer } = layer;
    if (request instanceof Answer) return layer.respond(message, peer, request);
    const from = { peer, address: peer.address, now };
    const answer = this.#requests.answer(request, from, this.#wire.peer);
    if (answer !== undefined && isWanted(request, answer)) layer.respond(message, peer, answer);
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
    if (this.#isReleased && !this.#requests.isBusy) this.#wire.close();
  }

  #abort(reason: string, badOption?: number): void {
    this.#say(Signal.abort, abort(reason, badOption));
    this.#wire.close();
  }

  #say(code: number, body: SignalBody = plain, token: Uint8Array = NONE): void {
    this.#layer.say(code, token, body);
  }
}

/**
 * Speaks CoAP over TCP, TLS or anything else that is a stream (RFC 8323), as the server, with
 * Observe and with blocks of any size that both sides take.
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
export function coapStream(options: Partial<CoapLimits> = {}): OpenSession {
  const limits: CoapLimits = { ...defaults, ...options };
  return (wire, hub, now) => new CoapStreamSession(wire, hub, limits, now);
}
