import { Holdings, ownerAt, ownerOf } from "../../owner.ts";
import type { Publication, Qos } from "../../publication.ts";
import type { Hub, Receiver } from "../../session.ts";
import { filterBytes } from "../../topic.ts";
import type { Blockwise } from "../blocks/blockwise.ts";
import type { MessageLayer } from "../exchange/layer.ts";
import type { Peer } from "../exchange/peers.ts";
import { Answer, refusal } from "../messages/answer.ts";
import { textOf } from "../messages/cache_key.ts";
import { Code, type Message } from "../messages/codec.ts";
import { withOption } from "../messages/option_bytes.ts";
import { Options, uint } from "../messages/options.ts";
import type { Request } from "../messages/request.ts";
import { Configurations } from "../pubsub/configurations.ts";
import { isAmong, represent, valid } from "../topics/representation.ts";
import type { Audiences } from "./audience.ts";
import type { Changes } from "./changes.ts";
import { Observation, type ObservationWish } from "./observation.ts";

/** The sequence number of the first answer, from which notifications count on. */
const FIRST_SEQUENCE = 1;

/** All observers of one socket or stream. */
export class Observers {
  readonly #all = new Set<Observation>();
  readonly #audiences: Audiences;
  readonly #holdings = new Holdings();

  constructor(
    readonly hub: Hub,
    readonly layer: MessageLayer,
    readonly changes: Changes,
    readonly blocks: Blockwise,
  ) {
    this.#audiences = hub.shared(Configurations).audiences;
  }

  get size(): number {
    return this.#all.size;
  }

  /**
   * Registers an observer, and answers with the present state. One with the same token is replaced
   * (RFC 7641 §4.1). Beyond a limit it is not registered, and the answer has no Observe option.
   */
  register(peer: Peer, request: Request, wish: ObservationWish, now: number): Answer {
    const value = this.valueOf(wish);
    const answer = value === undefined
      ? new Answer(Code.content)
      : !wish.select && request.etags !== undefined && isAmong(request.etags, value)
      ? valid(value)
      : this.show(value, wish, now);
    return this.admit(peer, request, { wish, answer }, now);
  }

  /** The same, with `answer` as the present state. */
  admit(
    peer: Peer,
    request: Request,
    { wish, answer }: { wish: ObservationWish; answer: Answer },
    now: number,
  ): Answer {
    const { token } = request.message, key = textOf(token), { limits } = this.layer;
    const before = peer.observations?.get(key);
    if (before !== undefined) this.remove(before, now);
    if (answer.code >= Code.badRequest) return answer;
    const count = peer.observations?.size ?? 0;
    const isFull = this.#audiences.sizeOf(wish.filter) >= (wish.maxSubscribers ?? Infinity);
    const identity = wish.caller?.identity ?? wish.client?.identity;
    const owner = identity === undefined ? ownerAt(peer.address) : ownerOf(identity);
    const held = this.#holdings.of(owner), bytes = bytesOf(wish);
    if (
      this.size >= limits.maxObservers || count >= limits.maxObserversPerPeer || isFull ||
      held.count >= limits.maxObserversPerUser ||
      held.bytes + bytes > limits.maxObserverBytesPerUser
    ) {
      this.hub.count("coap.observer.refused");
      return answer;
    }
    const sequence = before === undefined ? FIRST_SEQUENCE : before.sequence + 1 & 0xffffff;
    // The token is a view of the datagram.
    const observation = new Observation(this, peer, token.slice(), wish, {
      at: now,
      sequence,
      owner,
    });
    (peer.observations ??= new Map()).set(key, observation);
    this.#all.add(observation);
    this.#holdings.add(owner, 1, bytes);
    wish.client?.observations.add(observation);
    this.#audiences.join(wish.filter, observation);
    observation.arm();
    const qos: Qos = wish.everyConfirmed ? 1 : 0;
    if (wish.watch !== undefined) wish.watch.begin(observation);
    else this.hub.subscribe(wish.filter, { qos, screen: wish.screen }, observation);
    const { code, options, payload, isStored } = answer;
    return new Answer(
      code,
      withOption(options, Options.observe, uint(sequence)),
      payload,
      isStored,
    );
  }

  /** Ends the observation that a request with Observe 1 names by its token (RFC 7641 §3.6). */
  deregister(address: string, token: Uint8Array, now: number): void {
    const observation = this.layer.peers.find(address)?.observations?.get(textOf(token));
    if (observation !== undefined) this.remove(observation, now);
  }

  /** A reset has rejected a notification, so its observer is not interested (RFC 7641 §3.6). */
  reset(peer: Peer, message: Message, now: number): void {
    for (const observation of peer.observations?.values() ?? []) {
      if (observation.lastId === message.id) return this.remove(observation, now);
    }
  }

  /**
   * Moves an observation to another address of its client. If its token is in use there, it ends:
   * the client could not tell two observations apart.
   */
  move(observation: Observation, peer: Peer, now: number): void {
    const before = observation.peer, key = textOf(observation.token);
    const { observations } = peer, { maxObserversPerPeer } = this.layer.limits;
    if (observations?.has(key) || (observations?.size ?? 0) >= maxObserversPerPeer) {
      return this.remove(observation, now);
    }
    this.layer.cancel(observation, now);
    this.#leave(observation);
    this.layer.peers.release(before);
    (peer.observations ??= new Map()).set(key, observation);
    observation.move(peer);
  }

  /** Ends an observation, and cancels a notification that is on its way. */
  remove(observation: Observation, now: number): void {
    this.retire(observation);
    this.layer.cancel(observation, now);
  }

  /** Ends an observation, but lets a notification that is on its way arrive. */
  retire(observation: Observation): void {
    if (!this.#all.delete(observation)) return;
    const { peer, wish } = observation;
    this.#holdings.add(observation.owner, -1, -bytesOf(wish));
    observation.end();
    observation.wish.watch?.stop();
    this.hub.forget(observation);
    this.layer.deadlines.delete(observation);
    wish.client?.observations.delete(observation);
    this.#audiences.leave(wish.filter, observation);
    this.#leave(observation);
    this.layer.peers.release(peer);
  }

  #leave(observation: Observation): void {
    const { peer } = observation, key = textOf(observation.token);
    if (peer.observations?.get(key) === observation) peer.observations.delete(key);
    if (peer.observations?.size === 0) peer.observations = undefined;
  }

  /** The value of a topic, or the newest of those that a filter selects, if it may be seen. */
  valueOf(
    { filter, screen }: ObservationWish,
    receiver: Receiver = this.hub.self,
  ): Publication | undefined {
    if (!isWild(filter)) {
      const value = this.hub.retained(filter);
      return value && screen?.shows(value, receiver, 0) === false ? undefined : value;
    }
    let newest: Publication | undefined, scanned = 0;
    for (const value of this.hub.retainedMatching(filter, { qos: 0, screen }, receiver)) {
      if (value !== undefined && (newest === undefined || value.time > newest.time)) newest = value;
      if (++scanned === this.layer.limits.maxScanned) break;
    }
    return newest;
  }

  /** A value as a notification shows it. */
  show(value: Publication, { select, accept }: ObservationWish, now: number): Answer {
    const isCleared = value.retain && value.payload.length === 0;
    return select === undefined || isCleared ? represent(value, accept, now) : select(value);
  }

  /** Tells every observer that no more will come (RFC 7641 §3.2). */
  shutdown(now: number): void {
    const answer = refusal(Code.unavailable, "The gateway is shutting down");
    for (const observation of this.#all) {
      const { peer, token } = observation;
      // Otherwise notifications that wait for this one would be sent now.
      peer.waiting = undefined;
      this.layer.send(peer, token, answer);
      this.remove(observation, now);
    }
  }

  /** Ends all observations without notice. */
  end(): void {
    for (const observation of this.#all) this.retire(observation);
  }
}

/** What an observation takes beside what all take, in bytes. */
function bytesOf({ filter, bytes = 0 }: ObservationWish): number {
  return filterBytes(filter) + bytes;
}

/** True when a filter selects more than one topic. */
export function isWild(filter: string): boolean {
  return filter.includes("+") || filter.includes("#");
}
