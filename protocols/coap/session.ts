import { randomBytes } from "node:crypto";
import {
  type DatagramSession,
  type DatagramWire,
  type Hub,
  type OpenDatagramSession,
  ProtocolError,
} from "../session.ts";
import { Exchange } from "./exchange/exchange.ts";
import { GroupRequests } from "./exchange/group_requests.ts";
import { Reachability } from "./exchange/reachability.ts";
import { type CoapLimits, defaults } from "./limits.ts";
import { Answer, refusal } from "./messages/answer.ts";
import { ACK, Code, CON, decode, type Message, NON, RST } from "./messages/codec.ts";
import { isRead, isWanted, readRequest, type Request } from "./messages/request.ts";
import type { Origin } from "./origin.ts";
import { isAnsweredBriefly, Requests } from "./requests.ts";

/** CoAP over UDP (RFC 7252, RFC 7641), for all peers of one socket. */
export class CoapSession implements DatagramSession {
  readonly label = "coap";
  readonly #hub: Hub;
  readonly #reach: Reachability;
  readonly #exchange: Exchange;
  readonly #requests: Requests;
  readonly #groups: GroupRequests;

  constructor(wire: DatagramWire, hub: Hub, limits: CoapLimits, random: () => number) {
    this.#hub = hub;
    this.#reach = new Reachability(limits, hub);
    this.#exchange = new Exchange(wire, limits, random, this.#reach);
    this.#requests = new Requests(hub, this.#exchange);
    this.#groups = new GroupRequests(this.#exchange, (request, from, now) => {
      const answer = this.#execute(request, { peer: undefined, address: from, now });
      // A member of a group does not answer when it has nothing (RFC 7252 §8.2).
      if (answer !== undefined && answer.payload.length > 0) this.#respond(request, from, answer);
    });
  }

  /** The sizes of everything that grows with peers, for operators and tests. */
  get load(): Record<
    "peers" | "remembered" | "observers" | "replies" | "timers" | "transfers" | "clients",
    number
  > {
    const { peers, duplicates, deadlines } = this.#exchange;
    const { observers, replies, blocks, clients } = this.#requests;
    return {
      peers: peers.size,
      remembered: duplicates.size,
      observers: observers.size,
      replies: replies.size,
      timers: deadlines.size,
      transfers: blocks.size,
      clients: clients.size,
    };
  }

  get deadline(): number {
    return Math.min(this.#exchange.deadline, this.#requests.deadline);
  }

  receive(bytes: Uint8Array, from: string, now: number, isMulticast = false): void {
    this.#reach.now = now;
    if (isMulticast) {
      if (!this.#groups.receive(bytes, from, now)) this.#hub.count("coap.ignored");
      return;
    }
    this.#reach.heard(from, bytes.length);
    // Another version is ignored (RFC 7252 §3), and so is a datagram without a header.
    if (bytes.length < 4 || bytes[0]! >> 6 !== 1) return this.#hub.count("coap.ignored");
    // A request that waits outlives the datagram.
    if (this.#requests.mayWait) bytes = bytes.slice();
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
    this.#reach.now = now;
    this.#requests.signal(signal, now);
  }

  tick(now: number): void {
    this.#reach.now = now;
    this.#requests.tick(now);
    this.#exchange.tick(now);
  }

  unstored(bytes: Uint8Array, to: string): Uint8Array {
    const [head = 0, code] = bytes;
    if (code !== Code.created && code !== Code.changed && code !== Code.deleted) return bytes;
    const { peers, duplicates, composer } = this.#exchange, id = bytes[2]! << 8 | bytes[3]!;
    // For an address that is not verified, it must be no longer than the datagram that it replaces.
    const failed = this.#reach.allows(to)
      ? refusal(Code.unavailable, "The store cannot be written")
      : new Answer(Code.unavailable);
    // A duplicate of the request must not be told that all went well.
    if ((head >> 4 & 3) === ACK) duplicates.amend(peers.open(to), id, failed);
    const token = bytes.subarray(4, 4 + (head & 15));
    return composer.message(head >> 4 & 3, failed.code, id, token, failed).slice();
  }

  shutdown(now: number): void {
    this.#requests.shutdown(now);
  }

  ended(): void {
    this.#groups.end();
    this.#requests.end();
  }

  #receive(message: Message, from: string, now: number): void {
    const { code, type } = message;
    if (code >> 5 === 0 && code !== Code.empty) return this.#answer(message, from, now);
    // A ping, an answer to a request that we never sent, or a reserved class: it is rejected, which
    // for a non-confirmable message means to be silent (RFC 7252 §4.2, §4.3).
    if (type === CON) this.#exchange.reset(message.id, from);
    else this.#hub.count("coap.ignored");
  }

  #answer(message: Message, from: string, now: number): void {
    const request = readRequest(message, this.#requests.understood);
    if (request instanceof Answer) {
      // A NON with an unknown critical option is rejected silently (RFC 7252 §5.4.1).
      if (request.code === Code.badOption && message.type === NON) this.#hub.count("coap.ignored");
      else this.#exchange.answer(message, from, request);
      return;
    }
    if (request.echo !== undefined) this.#reach.check(from, request.echo);
    if (this.#requests.lates.repeats(message, from)) return this.#hub.count("coap.duplicate");
    if (isRead(request)) {
      // To read twice does no harm (RFC 7252 §4.5), so reads are not remembered: there is the more
      // room to remember publications.
      const answer = this.#execute(request, { peer: undefined, address: from, now });
      if (answer !== undefined) this.#respond(request, from, answer);
      return;
    }
    // Nothing is done for an address that may not be told the outcome before it is verified.
    if (!isAnsweredBriefly(request) && !this.#reach.allows(from)) {
      return this.#exchange.answer(message, from, this.#reach.challenge(from));
    }
    const { peers, duplicates } = this.#exchange;
    const peer = peers.open(from), before = peer.remembered.get(message.id);
    if (before !== undefined) return this.#repeat(request, from, before.answer);
    peer.busy = true;
    const answer = this.#execute(request, { peer, address: from, now });
    duplicates.remember(peer, message.id, answer, now);
    peer.busy = false;
    peers.release(peer);
    if (answer !== undefined) this.#respond(request, from, answer);
  }

  #execute(request: Request, from: Origin): Answer | undefined {
    return this.#requests.answer(request, from, { address: from.address, secure: false });
  }

  #respond(request: Request, to: string, answer: Answer): void {
    const { message } = request;
    if (isWanted(request, answer)) this.#exchange.answer(message, to, answer);
    else this.#exchange.acknowledge(message, to);
  }

  /** A duplicate gets the same answer; without an acknowledgement, none (RFC 7252 §4.5). */
  #repeat(request: Request, from: string, answer: Answer | undefined): void {
    this.#hub.count("coap.duplicate");
    if (request.message.type === NON) return;
    if (answer === undefined) this.#exchange.acknowledge(request.message, from);
    else this.#respond(request, from, answer);
  }

  /** An acknowledgement or a reset: never answered (RFC 7252 §4.2). */
  #settle(message: Message, from: string, now: number): void {
    const peer = this.#exchange.peers.find(from);
    if (peer === undefined || (message.type === RST && message.code !== Code.empty)) return;
    // An acknowledgement with an answer, for which we never asked, acknowledges all the same.
    if (this.#exchange.settle(peer, message, now) || message.type === ACK) return;
    this.#requests.observers.reset(peer, message, now);
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

/** A random number from 0 to below 1 that cannot be guessed, for message ids (RFC 7252 §11.4). */
export function fraction(): number {
  return randomBytes(4).readUInt32LE() / 2 ** 32;
}
