import { randomBytes } from "node:crypto";
import { type Identity, Refusal } from "../identity.ts";
import {
  type DatagramSession,
  type DatagramWire,
  type Hub,
  type OpenDatagramSession,
  ProtocolError,
} from "../session.ts";
import { Answer, refusal } from "./answer.ts";
import { Changes } from "./changes.ts";
import { ACK, Code, CON, decode, type Message, NON, RST } from "./codec.ts";
import { Exchange } from "./exchange.ts";
import { type CoapLimits, defaults } from "./limits.ts";
import { LateAnswers } from "./late.ts";
import { discover } from "./links.ts";
import { Observers } from "./observers.ts";
import { Replies } from "./replies.ts";
import { credentialsOf, refused } from "./permission.ts";
import { readRequest, type Request } from "./request.ts";
import { type Origin, Topics } from "./topics.ts";

/** CoAP over UDP (RFC 7252, RFC 7641): every peer of one socket. */
export class CoapSession implements DatagramSession {
  readonly label = "coap";
  readonly #hub: Hub;
  readonly #exchange: Exchange;
  readonly #changes: Changes;
  readonly #observers: Observers;
  readonly #replies: Replies;
  readonly #topics: Topics;
  readonly #lates: LateAnswers;
  #closing = false;

  constructor(wire: DatagramWire, hub: Hub, limits: CoapLimits, random: () => number) {
    this.#hub = hub;
    this.#exchange = new Exchange(wire, limits, random);
    this.#changes = new Changes(hub.self, limits.maxBurst);
    this.#observers = new Observers(hub, this.#exchange, this.#changes);
    this.#replies = new Replies(hub, this.#exchange, this.#changes);
    this.#lates = new LateAnswers(this.#exchange);
    this.#topics = new Topics(hub, this.#exchange, this.#observers, this.#replies);
  }

  /** Whatever peers grow, for operators and tests. */
  get load(): Record<"peers" | "remembered" | "observers" | "replies" | "timers", number> {
    const { peers, duplicates, deadlines } = this.#exchange;
    return {
      peers: peers.size,
      remembered: duplicates.size,
      observers: this.#observers.size,
      replies: this.#replies.size,
      timers: deadlines.size,
    };
  }

  get deadline(): number {
    return Math.min(this.#exchange.deadline, this.#changes.retryAt);
  }

  receive(bytes: Uint8Array, from: string, now: number): void {
    // RFC 7252 §3: another version is ignored, and so is what has no header.
    if (bytes.length < 4 || bytes[0]! >> 6 !== 1) return this.#hub.count("coap.ignored");
    // What waits for hooks outlives the datagram.
    if (this.#hub.guard !== undefined) bytes = bytes.slice();
    let message: Message;
    try {
      message = decode(bytes, this.#exchange.limits.maxOptions);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#hub.count("coap.malformed");
      if ((bytes[0]! >> 4 & 3) === CON) this.#exchange.reset(bytes[2]! << 8 | bytes[3]!, from);
      return;
    }
    if (message.type === CON || message.type === NON) this.#receive(message, from, now);
    else this.#settle(message, from, now);
  }

  signal(signal: unknown, now: number): void {
    if (typeof signal === "function") signal();
    else if (signal === this.#changes) this.#changes.flush(now);
  }

  tick(now: number): void {
    if (this.#changes.retryAt <= now) this.#changes.flush(now);
    this.#exchange.tick(now);
  }

  unstored(bytes: Uint8Array, to: string): Uint8Array {
    const [head = 0, code] = bytes;
    if (code !== Code.created && code !== Code.changed && code !== Code.deleted) return bytes;
    const { peers, duplicates } = this.#exchange, id = bytes[2]! << 8 | bytes[3]!;
    const failed = refusal(Code.unavailable, "The store cannot be written");
    // A duplicate of the request must not hear that all went well.
    if ((head >> 4 & 3) === ACK) duplicates.amend(peers.open(to), id, failed);
    const token = bytes.subarray(4, 4 + (head & 15));
    return this.#exchange.composer.message(head >> 4 & 3, failed.code, id, token, failed.body)
      .slice();
  }

  shutdown(now: number): void {
    this.#closing = true;
    this.#observers.shutdown(now);
    this.#replies.shutdown(now);
    this.#lates.shutdown(now);
  }

  ended(): void {
    this.#observers.end();
    this.#replies.end();
  }

  #receive(message: Message, from: string, now: number): void {
    const { code, type } = message;
    if (code >> 5 === 0 && code !== Code.empty) return this.#answer(message, from, now);
    // A ping, an answer to a question that we never asked, or a reserved class: it is rejected,
    // which for a message that wants no acknowledgement is silence (RFC 7252 §4.2, §4.3).
    if (type === CON) this.#exchange.reset(message.id, from);
    else this.#hub.count("coap.ignored");
  }

  #answer(message: Message, from: string, now: number): void {
    const request = readRequest(message);
    if (request instanceof Answer) {
      // RFC 7252 §5.4.1: without an acknowledgement there is nothing to refuse it with.
      if (request.code === Code.badOption && message.type === NON) this.#hub.count("coap.ignored");
      else this.#exchange.answer(message, from, request);
      return;
    }
    if (message.code === Code.get && request.observe !== 0 && request.observe !== 1) {
      // Reading twice does no harm (RFC 7252 §4.5): remembering reads would cost the room that
      // keeps publications from being carried out twice.
      const answer = this.#execute(request, { peer: undefined, address: from, now });
      if (answer !== undefined) this.#exchange.answer(message, from, answer);
      return;
    }
    const { peers, duplicates } = this.#exchange;
    const peer = peers.open(from), before = peer.remembered.get(message.id);
    if (before !== undefined) return this.#repeat(message, from, before.answer);
    peer.busy = true;
    const answer = this.#execute(request, { peer, address: from, now });
    duplicates.remember(peer, message.id, answer, now);
    peer.busy = false;
    peers.release(peer);
    if (answer !== undefined) this.#exchange.answer(message, from, answer);
  }

  /** A duplicate gets the same answer; without an acknowledgement, none (RFC 7252 §4.5). */
  #repeat(message: Message, from: string, answer: Answer | undefined): void {
    this.#hub.count("coap.duplicate");
    if (message.type === NON) return;
    if (answer === undefined) this.#exchange.acknowledge(message.id, from);
    else this.#exchange.answer(message, from, answer);
  }

  #execute(request: Request, from: Origin): Answer | undefined {
    const { guard, identity: { listener } } = this.#hub;
    if (guard === undefined) return this.#serve(request, from);
    const { address } = from, late = this.#lates.begin(request.message, address);
    return late.ask<Identity | Refusal>(
      (decided) => guard.authenticate(credentialsOf(request, { address, listener }), decided),
      (identity, now) => {
        if (identity instanceof Refusal) return refused(identity);
        return this.#serve(request, { ...from, now, caller: { identity, guard, late } });
      },
    );
  }

  #serve(request: Request, from: Origin): Answer | undefined {
    if (this.#closing) return refusal(Code.unavailable, "The gateway is shutting down");
    const { root, rest, message } = request;
    if (message.code === Code.get && request.observe === 1) {
      this.#observers.deregister(from.address, message.token, from.now);
    }
    if (root === "topics" || root === "ps") return this.#topics.answer(request, from);
    if (root !== ".well-known" || rest !== "core") {
      return refusal(Code.notFound, "Nothing is here: try /.well-known/core");
    }
    if (message.code !== Code.get) return refusal(Code.methodNotAllowed, "Only GET is known here");
    const { limits, composer } = this.#exchange;
    const { maxScanned } = limits, { maxBodyBytes } = composer;
    const { caller } = from, screen = caller?.guard.screen("#", caller.identity);
    return discover(this.#hub, request, { maxBodyBytes, maxScanned, screen });
  }

  /** An acknowledgement or a reset: never answered (RFC 7252 §4.2). */
  #settle(message: Message, from: string, now: number): void {
    const peer = this.#exchange.peers.find(from);
    if (peer === undefined || (message.type === RST && message.code !== Code.empty)) return;
    // An answer in an acknowledgement is to no question of ours, but acknowledges all the same.
    if (this.#exchange.settle(peer, message, now) || message.type === ACK) return;
    this.#observers.reset(peer, message, now);
  }
}

/**
 * Speaks CoAP with the peers of a UDP socket, as the server (RFC 7252), with Observe (RFC 7641).
 * `random` gives numbers from 0 to below 1, for tests that want the same ones each time.
 *
 * @example A ping, which is answered with a reset
 * ```ts
 * import { coap, gateway, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const { port } = await hub.listen(udp({ port: 0 }), coap()).ready;
 * const client = await udp({ port: 0 }).bind();
 * await client.send(Uint8Array.of(0x40, 0, 0, 7), `127.0.0.1:${port}`); // message 7, empty
 * assert.deepEqual([...(await client.receive())!.bytes], [0x70, 0, 0, 7]);
 * client.close();
 * ```
 */
export function coap(
  options: Partial<CoapLimits> = {},
  random: () => number = fraction,
): OpenDatagramSession {
  const limits: CoapLimits = { ...defaults, ...options };
  return (wire, hub) => new CoapSession(wire, hub, limits, random);
}

/** Message ids and waiting times are the better for not being guessed (RFC 7252 §11.4). */
function fraction(): number {
  return randomBytes(4).readUInt32LE() / 2 ** 32;
}
