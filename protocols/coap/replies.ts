import { randomBytes } from "node:crypto";
import type { Delivery, Publication } from "../publication.ts";
import type { Hub, Receiver } from "../session.ts";
import { Answer, refusal } from "./answer.ts";
import type { Changed, Changes } from "./changes.ts";
import { Code, CON, type Message, NON } from "./codec.ts";
import type { Due } from "../deadlines.ts";
import type { Confirmable, Exchange } from "./exchange.ts";
import type { Peer } from "./peers.ts";
import { represent } from "./representation.ts";

/** One request that waits for its reply, and then for the acknowledgement of the reply. */
class Reply implements Receiver, Confirmable, Due, Changed {
  readonly name: string;
  /** A separate answer never changes. */
  readonly outdated = false;
  dueAt = Infinity;
  place = -1;
  #publication: Publication | undefined = undefined;
  #answer: Answer | undefined = undefined;

  constructor(
    readonly replies: Replies,
    readonly peer: Peer,
    readonly topic: string,
    readonly token: Uint8Array,
    readonly isConfirmable: boolean,
  ) {
    this.name = `coap ${peer.key} waiting for ${topic}`;
  }

  deliver({ publication }: Delivery): boolean {
    if (this.#publication !== undefined) return false;
    this.#publication = publication;
    this.replies.changes.add(this);
    return true;
  }

  flush(now: number): boolean {
    const publication = this.#publication;
    if (publication === undefined || this.#answer !== undefined) return true;
    const { maxBodyBytes } = this.replies.exchange.composer;
    const { code, body } = represent(publication, { accept: undefined, maxBodyBytes }, now);
    this.#finish(new Answer(code === Code.content ? Code.changed : code, body), now);
    return true;
  }

  due(now: number): void {
    this.#finish(refusal(Code.gatewayTimeout, "No reply came in time"), now);
  }

  /** The gateway stops before a reply came. */
  shutdown(now: number): void {
    if (this.#answer !== undefined) return;
    this.#finish(refusal(Code.unavailable, "The gateway is shutting down"), now);
  }

  encode(id: number): Uint8Array {
    return this.#encode(CON, id);
  }

  acknowledged(): void {
    this.replies.finish(this);
  }

  failed(): void {
    this.replies.finish(this);
  }

  #finish(answer: Answer, now: number): void {
    const { hub, exchange } = this.replies;
    this.#answer = answer;
    hub.forget(this);
    exchange.deadlines.delete(this);
    if (this.isConfirmable) return exchange.confirm(this, now);
    exchange.wire.send(this.#encode(NON, exchange.takeId(this.peer.key)), this.peer.address);
    this.replies.finish(this);
  }

  #encode(type: number, id: number): Uint8Array {
    const { code, body } = this.#answer!;
    return this.replies.exchange.composer.message(type, code, id, this.token, body);
  }
}

/** Requests that other clients answer: `POST …?reply=5s`. */
export class Replies {
  // Whoever can guess the topic can forge the reply.
  readonly #prefix = `$reply/${randomBytes(12).toString("hex")}/`;
  readonly #waiting = new Set<Reply>();
  #count = 0;

  constructor(readonly hub: Hub, readonly exchange: Exchange, readonly changes: Changes) {}

  get size(): number {
    return this.#waiting.size;
  }

  /** True when one more request of this peer may wait. */
  hasRoomFor(peer: Peer): boolean {
    const { maxReplies, maxRepliesPerPeer } = this.exchange.limits;
    return this.size < maxReplies && peer.replies < maxRepliesPerPeer;
  }

  /** A topic that nobody else knows. */
  nextTopic(): string {
    return this.#prefix + this.#count++;
  }

  /** Waits for the first publication to `topic`, and sends it as a separate answer. */
  wait(peer: Peer, message: Message, topic: string, until: number): Reply {
    const reply = new Reply(this, peer, topic, message.token.slice(), message.type === CON);
    peer.replies++;
    this.#waiting.add(reply);
    this.hub.subscribe(topic, { qos: 1 }, reply);
    this.exchange.deadlines.set(reply, until);
    return reply;
  }

  /** Forgets a request: nobody listened, it was answered, or its peer is gone. */
  finish(reply: Reply): void {
    if (!this.#waiting.delete(reply)) return;
    this.hub.forget(reply);
    this.exchange.deadlines.delete(reply);
    reply.peer.replies--;
    this.exchange.peers.release(reply.peer);
  }

  /** The gateway stops: tells those who wait. */
  shutdown(now: number): void {
    for (const reply of this.#waiting) reply.shutdown(now);
  }

  /** Forgets all who wait. */
  end(): void {
    for (const reply of this.#waiting) this.finish(reply);
  }
}
