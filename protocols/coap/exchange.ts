import type { DatagramWire } from "../session.ts";
import type { Answer } from "./answer.ts";
import { ACK, CON, type Message, NON, RST } from "./codec.ts";
import { DatagramComposer } from "./composer.ts";
import { Deadlines, type Due } from "../deadlines.ts";
import { Duplicates } from "./duplicates.ts";
import type { Confirmable, MessageLayer } from "./layer.ts";
import type { CoapLimits } from "./limits.ts";
import { keyOf, type Peer, Peers } from "./peers.ts";

/** Message ids: a counter for each peer would have to be kept for as long as its ids are in use. */
class MessageIds {
  /** Peers share 4,096 counters, each with 65,536 ids: memory stays the same for any number. */
  readonly #next = new Uint16Array(4096);

  constructor(random: () => number) {
    for (let i = 0; i < this.#next.length; i++) this.#next[i] = random() * 0x10000;
  }

  take(key: string): number {
    let hash = 0;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash, 31) + key.charCodeAt(i) | 0;
    const slot = (hash ^ hash >>> 12) & 4095;
    return this.#next[slot]!++;
  }
}

/** The message layer of UDP (RFC 7252 §4): what is sent, sent again, and matched with its answer. */
export class Exchange implements MessageLayer {
  readonly peers = new Peers();
  readonly deadlines = new Deadlines();
  readonly duplicates: Duplicates;
  readonly composer: DatagramComposer;
  // The buffer of the socket drains in less.
  readonly retryMs = 10;
  readonly transport = "";
  readonly #ids: MessageIds;

  constructor(
    readonly wire: DatagramWire,
    readonly limits: CoapLimits,
    /** From 0 to below 1. */
    readonly random: () => number,
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

  /** A message id for a peer. */
  takeId(key: string): number {
    return this.#ids.take(key);
  }

  /** Answers a request at once: in its acknowledgement, or NON with NON (RFC 7252 §5.2). */
  answer(message: Message, to: string, answer: Answer): void {
    const isCon = message.type === CON, id = isCon ? message.id : this.takeId(keyOf(to));
    const type = isCon ? ACK : NON;
    this.wire.send(this.composer.message(type, answer.code, id, message.token, answer), to);
  }

  acknowledge({ type, id }: Message, to: string): void {
    if (type === CON) this.wire.send(this.composer.empty(ACK, id), to);
  }

  respond(message: Message, peer: Peer, answer: Answer): void {
    this.duplicates.amend(peer, message.id, answer);
    this.answer(message, peer.address, answer);
  }

  reset(id: number, to: string): void {
    this.wire.send(this.composer.empty(RST, id), to);
  }

  send({ key, address }: Peer, token: Uint8Array, answer: Answer, sequence = -1): number {
    const id = this.takeId(key);
    const datagram = this.composer.message(NON, answer.code, id, token, answer, sequence);
    return this.wire.send(datagram, address) ? id : -1;
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

  /** An acknowledgement or a reset arrived; true when it was for a confirmable message of ours. */
  settle(peer: Peer, message: Message, now: number): boolean {
    const transmission = find(peer.transmissions, message.id);
    if (transmission === undefined) return false;
    this.finish(transmission, now);
    if (message.type === ACK) transmission.item.acknowledged(now, message);
    else transmission.item.failed(now, true);
    this.peers.release(peer);
    return true;
  }

  /** A transmission is over: the next one to its peer begins. */
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
}

function find(transmissions: Set<Transmission> | undefined, id: number): Transmission | undefined {
  for (const each of transmissions ?? []) if (each.id === id) return each;
  return undefined;
}

/** One confirmable message on its way (RFC 7252 §4.2). */
export class Transmission implements Due {
  dueAt = Infinity;
  place = -1;
  id: number;
  #attempts = 0;
  #timeoutMs: number;

  constructor(readonly exchange: Exchange, readonly item: Confirmable) {
    const { ackTimeoutMs, ackRandomFactor } = exchange.limits;
    this.#timeoutMs = ackTimeoutMs * (1 + exchange.random() * (ackRandomFactor - 1));
    this.id = exchange.takeId(item.peer.key);
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
    // Another content is another message, but no reason to hope anew (RFC 7641 §4.5.2).
    if (item.outdated) this.id = exchange.takeId(item.peer.key);
    this.#send(now);
  }

  #send(now: number): void {
    const { exchange, item } = this;
    exchange.wire.send(item.encode(exchange.composer, this.id, now), item.peer.address);
    exchange.deadlines.set(this, now + this.#timeoutMs * 2 ** this.#attempts++);
  }
}
