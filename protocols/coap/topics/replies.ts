import type { Due } from "../../deadlines.ts";
import { Holdings, ownerAt } from "../../owner.ts";
import type { Delivery, Publication } from "../../publication.ts";
import type { Hub, Receiver } from "../../session.ts";
import { type Blockwise, type Shape, shapeOf } from "../blocks/blockwise.ts";
import type { Confirmable, MessageLayer } from "../exchange/layer.ts";
import type { Peer } from "../exchange/peers.ts";
import { Answer, refusal } from "../messages/answer.ts";
import { Code, CON } from "../messages/codec.ts";
import type { Composer } from "../messages/composer.ts";
import { isWanted, type Request } from "../messages/request.ts";
import type { Changed, Changes } from "../observe/changes.ts";
import { represent } from "./representation.ts";

/** One request that waits for its reply, and then for the acknowledgement of that. */
class Reply implements Receiver, Confirmable, Due, Changed {
  readonly name: string;
  /** A separate answer never changes. */
  readonly outdated = false;
  dueAt = Infinity;
  place = -1;
  readonly #token: Uint8Array;
  readonly #isConfirmable: boolean;
  readonly #shape: Shape;
  readonly noResponse: number;
  #publication: Publication | undefined = undefined;
  #answer: Answer | undefined = undefined;

  constructor(
    readonly replies: Replies,
    readonly peer: Peer,
    readonly topic: string,
    request: Request,
  ) {
    this.name = `coap ${peer.key} waiting for ${topic}`;
    // A copy: the token is a view of the input.
    this.#token = request.message.token.slice();
    this.#isConfirmable = request.message.type === CON;
    this.#shape = shapeOf(request);
    this.noResponse = request.noResponse;
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
    const { code, options, payload } = represent(publication, undefined, now);
    this.#finish(new Answer(code === Code.content ? Code.changed : code, options, payload), now);
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

  encode(composer: Composer, id: number): Uint8Array {
    const answer = this.#answer!;
    return composer.message(CON, answer.code, id, this.#token, answer);
  }

  acknowledged(): void {
    this.replies.finish(this);
  }

  failed(): void {
    this.replies.finish(this);
  }

  #finish(answer: Answer, now: number): void {
    const { hub, layer, blocks } = this.replies, { peer } = this;
    const part = blocks.finish(answer, this.#shape, peer.key, now);
    this.#answer = part;
    hub.forget(this);
    layer.deadlines.delete(this);
    if (!isWanted(this, part)) return this.replies.finish(this);
    if (this.#isConfirmable) return layer.confirm(this, now);
    layer.send(peer, this.#token, part);
    this.replies.finish(this);
  }
}

/** The requests that wait for replies of other clients: `POST …?reply=5s`. */
export class Replies {
  readonly #waiting = new Set<Reply>();
  readonly #holdings = new Holdings();

  constructor(
    readonly hub: Hub,
    readonly layer: MessageLayer,
    readonly changes: Changes,
    readonly blocks: Blockwise,
  ) {}

  get size(): number {
    return this.#waiting.size;
  }

  /** True when one more request of this peer may wait. */
  hasRoomFor(peer: Peer): boolean {
    const { maxReplies, maxRepliesPerPeer, maxRepliesPerAddress } = this.layer.limits;
    return this.size < maxReplies && peer.replies < maxRepliesPerPeer &&
      this.#holdings.of(ownerAt(peer.key)).count < maxRepliesPerAddress;
  }

  /** Waits for the first publication to `topic`, and sends it as a separate answer. */
  wait(peer: Peer, request: Request, topic: string, until: number): Reply {
    const reply = new Reply(this, peer, topic, request);
    peer.replies++;
    this.#holdings.add(ownerAt(peer.key), 1, 0);
    this.#waiting.add(reply);
    this.hub.subscribe(topic, { qos: 1 }, reply);
    this.layer.deadlines.set(reply, until);
    return reply;
  }

  /** Forgets a request: it was answered, has no subscriber, or its peer is gone. */
  finish(reply: Reply): void {
    if (!this.#waiting.delete(reply)) return;
    this.hub.forget(reply);
    this.layer.deadlines.delete(reply);
    reply.peer.replies--;
    this.#holdings.add(ownerAt(reply.peer.key), -1, 0);
    this.layer.peers.release(reply.peer);
  }

  /** The gateway stops: answers all requests that wait. */
  shutdown(now: number): void {
    for (const reply of this.#waiting) reply.shutdown(now);
  }

  /** Forgets all requests that wait. */
  end(): void {
    for (const reply of this.#waiting) this.finish(reply);
  }
}
