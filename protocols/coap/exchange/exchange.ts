import { Deadlines, type Due } from "../../deadlines.ts";
import type { DatagramWire } from "../../session.ts";
import type { CoapLimits } from "../limits.ts";
import type { Answer } from "../messages/answer.ts";
import { ACK, Code, CON, type Message, NON, RST } from "../messages/codec.ts";
import { DatagramComposer } from "../messages/composer.ts";
import { Duplicates } from "./duplicates.ts";
import type { Confirmable, MessageLayer } from "./layer.ts";
import { keyOf, type Peer, Peers } from "./peers.ts";
import type { Reachability } from "./reachability.ts";

/** 4,096 counters of message ids, a power of 2: few peers that are active at a time share one. */
const COUNTERS = 4096;

/**
 * Gives message ids. A counter for each peer would have to be kept as long as its ids are in use,
 * so peers share counters, and memory stays the same for any number of them.
 */
class MessageIds {
  readonly #next = new Uint16Array(COUNTERS);

  constructor(random: () => number) {
    for (let i = 0; i < this.#next.length; i++) this.#next[i] = random() * 0x10000;
  }

  take(key: string): number {
    let hash = 0;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash, 31) + key.charCodeAt(i) | 0;
    const slot = (hash ^ hash >>> 12) & COUNTERS - 1;
    return this.#next[slot]!++;
  }
}

/** The message layer of UDP (RFC 7252 §4): sends, sends again, and matches acknowledgements. */
export class Exchange implements MessageLayer {
  readonly peers = new Peers();
  readonly deadlines = new Deadlines();
  readonly duplicates: Duplicates;
  readonly composer: DatagramComposer;
  // 10 ms: the socket's buffer drains in less.
  readonly retryMs = 10;
  readonly transport = "";
  readonly #ids: MessageIds;

  constructor(
    readonly wire: DatagramWire,
    readonly limits: CoapLimits,
    /** Gives numbers from 0 to below 1. */
    readonly random: () => number,
    /** Decides how much an address may be sent; without it, any address anything. */
    readonly reach?: Reachability,
  ) {
    this.duplicates = new Duplicates(this.peers, limits);
    this.composer = new DatagramComposer(wire.maxBytes);
    this.#ids = new MessageIds(random);
  }

  get deadline(): number {
    return Math.min(this.deadlines.next, this.duplicates.deadline);
  }

  tick(now: number): void {
    this.duplicates.tick(now);
    this.deadlines.run(now);
  }

  trusts(address: string): boolean {
    return this.reach === undefined || this.reach.allows(address);
  }

  /** A message id for a peer. */
  takeId(key: string): number {
    return this.#ids.take(key);
  }

  /** Answers a request: a CON in its acknowledgement, a NON with a NON (RFC 7252 §5.2). */
  answer(message: Message, to: string, answer: Answer): void {
    const isCon = message.type === CON, id = isCon ? message.id : this.takeId(keyOf(to));
    const type = isCon ? ACK : NON;
    this.#send(this.composer.message(type, answer.code, id, message.token, answer), to);
  }

  acknowledge({ type, id }: Message, to: string): void {
    if (type === CON) this.#send(this.composer.empty(ACK, id), to);
  }

  respond(message: Message, peer: Peer, answer: Answer): void {
    this.duplicates.amend(peer, message.id, answer);
    this.answer(message, peer.address, answer);
  }

  reset(id: number, to: string): void {
    this.#send(this.composer.empty(RST, id), to);
  }

  send(
    { key, address }: Peer,
    token: Uint8Array,
    answer: Answer,
    sequence = -1,
    isProven = false,
  ): number {
    const id = this.takeId(key);
    const datagram = this.composer.message(NON, answer.code, id, token, answer, sequence);
    const isSent = isProven ? this.wire.send(datagram, address) : this.#send(datagram, address);
    return isSent ? id : -1;
  }

  /**
   * Sends a challenge in place of a datagram that is too long for an address that was not verified;
   * or nothing, if even that is too long.
   */
  challenge(datagram: Uint8Array, to: string): void {
    const { reach, composer } = this, [head = 0, code] = datagram;
    if (reach === undefined || code === Code.empty) return;
    const id = datagram[2]! << 8 | datagram[3]!, token = datagram.subarray(4, 4 + (head & 15));
    const answer = reach.challenge(to);
    const question = composer.message(head >> 4 & 3, answer.code, id, token, answer);
    if (reach.spend(to, question.length)) this.wire.send(question, to);
  }

  confirm(item: Confirmable, now: number): void {
    const { peer } = item, { nstart } = this.limits;
    if (peer.transmissions !== undefined && peer.transmissions.size >= nstart) {
      if (item.goesOn) peer.waiting = new Set([item, ...peer.waiting ?? []]);
      else (peer.waiting ??= new Set()).add(item);
      return;
    }
    const transmission = new Transmission(this, item);
    (peer.transmissions ??= new Set()).add(transmission);
    transmission.begin(now);
  }

  cancel(item: Confirmable, now: number): void {
    const { peer } = item;
    if (peer.waiting?.delete(item) && peer.waiting.size === 0) peer.waiting = undefined;
    for (const each of peer.transmissions ?? []) if (each.item === item) this.finish(each, now);
    this.peers.release(peer);
  }

  /** Takes an acknowledgement or a reset; true when it was for a confirmable message of ours. */
  settle(peer: Peer, message: Message, now: number): boolean {
    const transmission = find(peer.transmissions, message.id);
    if (transmission === undefined) {
      // Only the first guess counts: with 65,536 of them, one would be right without having seen an
      // id.
      for (const each of peer.transmissions ?? []) each.isProof = false;
      return false;
    }
    if (transmission.isProof) this.reach?.verify(peer.address);
    this.finish(transmission, now);
    if (message.type === ACK) transmission.item.acknowledged(now, message);
    else transmission.item.failed(now, true);
    this.peers.release(peer);
    return true;
  }

  /** Ends a transmission, and begins the next one to its peer. */
  finish(transmission: Transmission, now: number): void {
    const { peer } = transmission.item;
    this.deadlines.delete(transmission);
    if (peer.transmissions?.delete(transmission) && peer.transmissions.size === 0) {
      peer.transmissions = undefined;
    }
    const next = peer.waiting?.values().next().value;
    if (next === undefined) return;
    peer.waiting!.delete(next);
    if (peer.waiting!.size === 0) peer.waiting = undefined;
    this.confirm(next, now);
  }

  /** Sends a datagram, or a challenge in its place; false when the wire takes no more. */
  #send(datagram: Uint8Array, to: string): boolean {
    if (this.reach === undefined || this.reach.spend(to, datagram.length)) {
      return this.wire.send(datagram, to);
    }
    this.challenge(datagram, to);
    return true;
  }
}

function find(transmissions: Set<Transmission> | undefined, id: number): Transmission | undefined {
  for (const each of transmissions ?? []) if (each.id === id) return each;
  return undefined;
}

/** One confirmable message, which is sent until it is acknowledged (RFC 7252 §4.2). */
export class Transmission implements Due {
  dueAt = Infinity;
  place = -1;
  id: number;
  /** True when the id is random, so that its acknowledgement proves that the peer can read it. */
  isProof = false;
  #attempts = 0;
  #timeoutMs: number;

  constructor(readonly exchange: Exchange, readonly item: Confirmable) {
    const { ackTimeoutMs, ackRandomFactor } = exchange.limits;
    this.#timeoutMs = ackTimeoutMs * (1 + exchange.random() * (ackRandomFactor - 1));
    this.id = this.#newId();
  }

  begin(now: number): void {
    this.#send(now);
  }

  due(now: number): void {
    const { exchange, item } = this;
    if (this.#attempts > exchange.limits.maxRetransmit) {
      exchange.finish(this, now);
      item.failed(now);
      exchange.peers.release(item.peer);
      return;
    }
    // Newer content needs a new id, but keeps the count of attempts (RFC 7641 §4.5.2).
    if (item.outdated) this.id = this.#newId();
    this.#send(now);
  }

  /** A random id for an address that was not verified: who gets others could predict a counter. */
  #newId(): number {
    const { exchange, item: { peer } } = this;
    this.isProof = !exchange.trusts(peer.address);
    return this.isProof ? Math.floor(exchange.random() * 0x10000) : exchange.takeId(peer.key);
  }

  #send(now: number): void {
    const { exchange, item } = this, { reach, wire } = exchange, { address } = item.peer;
    const datagram = item.encode(exchange.composer, this.id, now);
    if (reach === undefined || item.isProven || reach.spend(address, datagram.length)) {
      wire.send(datagram, address);
    } else if (this.#attempts === 0) {
      exchange.challenge(datagram, address);
      // Nothing was sent that could be acknowledged, so it is given up at once.
      this.#attempts = exchange.limits.maxRetransmit + 1;
      return exchange.deadlines.set(this, now);
    }
    exchange.deadlines.set(this, now + this.#timeoutMs * 2 ** this.#attempts++);
  }
}
