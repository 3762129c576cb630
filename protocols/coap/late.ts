import type { Due } from "../deadlines.ts";
import type { Decided } from "../guard.ts";
import type { Blockwise } from "./blocks/blockwise.ts";
import type { Confirmable, MessageLayer } from "./exchange/layer.ts";
import { keyOf, type Peer } from "./exchange/peers.ts";
import type { Answer } from "./messages/answer.ts";
import { refusal } from "./messages/answer.ts";
import { Code, CON, type Message } from "./messages/codec.ts";
import type { Composer } from "./messages/composer.ts";
import { isWanted, type Request } from "./messages/request.ts";
import { Room } from "./paths/room.ts";
import { overloaded } from "./topics/outcome.ts";

/** The requests whose answers wait for hooks or handlers. */
export class LateAnswers {
  /** The memory for bodies that handlers have under way. */
  readonly room: Room;
  readonly #waiting = new Set<LateAnswer>();
  /** By peer and message id; in a stream, where there are no ids, only the latest. */
  readonly #byMessage = new Map<string, LateAnswer>();
  #handled = 0;

  constructor(readonly layer: MessageLayer, readonly blocks: Blockwise) {
    this.room = new Room(layer.limits.maxHandledBytes);
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Begins a request that may have to wait, and so must not be a view of the input. */
  begin(request: Request, address: string): LateAnswer {
    return new LateAnswer(this, request, address);
  }

  /** Adds a request that waits, for hooks or for a handler; false when too many do. */
  add(late: LateAnswer, peer: Peer): boolean {
    const { maxReplies, maxRepliesPerPeer, maxHandled, maxHandledPerPeer } = this.layer.limits;
    if (late.isHandled) {
      if (this.#handled >= maxHandled || peer.handled >= maxHandledPerPeer) return false;
      this.#handled++;
      peer.handled++;
    } else {
      if (this.size - this.#handled >= maxReplies || peer.replies >= maxRepliesPerPeer) {
        return false;
      }
      peer.replies++;
    }
    this.#waiting.add(late);
    this.#byMessage.set(messageKey(late, peer), late);
    return true;
  }

  delete(late: LateAnswer, peer: Peer): void {
    if (!this.#waiting.delete(late)) return;
    const key = messageKey(late, peer);
    if (this.#byMessage.get(key) === late) this.#byMessage.delete(key);
    this.layer.deadlines.delete(late);
    this.room.give(late.heldBytes);
    if (late.isHandled) {
      this.#handled--;
      peer.handled--;
    } else peer.replies--;
    this.layer.peers.release(peer);
  }

  /**
   * True for a duplicate of a request that waits, which is acknowledged again if the first one was.
   */
  repeats(message: Message, address: string): boolean {
    if (this.size === 0) return false;
    const late = this.#byMessage.get(`${keyOf(address)} ${message.id}`);
    if (late?.isAcknowledged) this.layer.acknowledge(message, address);
    return late !== undefined;
  }

  /** The gateway stops: answers all requests that wait. */
  shutdown(now: number): void {
    for (const late of this.#waiting) late.shutdown(now);
  }

  /** The socket is gone: forgets all requests that wait. */
  end(): void {
    for (const late of this.#waiting) late.end();
  }
}

function messageKey({ request }: LateAnswer, { key }: Peer): string {
  return `${key} ${request.message.id}`;
}

/** One request about which hooks or handlers are asked, and its answer, which may come later. */
export class LateAnswer implements Confirmable, Due {
  /** A separate answer never changes. */
  readonly outdated = false;
  dueAt = Infinity;
  place = -1;
  /** True once the request was acknowledged, so that its answer follows separately. */
  isAcknowledged = false;
  /** True when it waits for a handler, and did not have to wait for hooks before. */
  isHandled = false;
  /** Bytes of the body that a handler was given. */
  heldBytes = 0;
  #peer: Peer | undefined;
  #answer: Answer | undefined;
  /** Questions that have not been answered. */
  #open = 0;
  #isVoid = false;
  /** Tells a handler that nobody waits for it any more. */
  #gone: (() => void) | undefined;

  constructor(
    readonly lates: LateAnswers,
    readonly request: Request,
    readonly address: string,
  ) {}

  get peer(): Peer {
    return this.#peer!;
  }

  /**
   * Asks a question and passes the answer to `then`, which returns the answer to the request. If
   * this method returns undefined, the answer to the request is sent separately (RFC 7252 §5.2.2).
   */
  ask<T>(
    question: (decided: Decided<T>) => void,
    then: (answer: T, now: number) => Answer | undefined,
  ): Answer | undefined {
    let answer: Answer | undefined, isAnswered = false, isLate = false;
    this.#open++;
    question((found, now) => {
      isAnswered = true;
      this.#open--;
      if (this.#isVoid) return;
      answer = then(found, now);
      if (isLate) this.#settle(answer, now);
    });
    isLate = true;
    if (isAnswered) return answer;
    const refused = this.#wait();
    if (refused === undefined) this.#acknowledge();
    return refused;
  }

  /**
   * Has a handler answer. The acknowledgement is held back for a while, so that it can carry a
   * quick answer (RFC 7252 §5.2.1). A handler that takes too long is given up. `gone` is called
   * when its answer is not wanted any more.
   */
  hold(
    question: (decided: Decided<Answer>) => void,
    { now, gone }: { now: number; gone: () => void },
  ): Answer | undefined {
    // What a handler does cannot be undone, so there must be room for its answer in advance.
    const isFirst = this.#peer === undefined;
    this.isHandled = isFirst;
    const refused = this.#wait();
    if (refused !== undefined) return refused;
    const { room } = this.lates, bytes = this.request.payload.length;
    if (!room.take(bytes)) {
      if (isFirst) this.lates.delete(this, this.peer);
      return overloaded();
    }
    this.heldBytes = bytes;
    let answer: Answer | undefined, isLate = false;
    this.#open++;
    this.#gone = gone;
    question((found, now) => {
      this.#open--;
      this.#gone = undefined;
      if (this.#isVoid) return;
      answer = found;
      if (isLate) this.#settle(answer, now);
    });
    isLate = true;
    const { deadlines, limits } = this.lates.layer;
    if (answer !== undefined) {
      if (isFirst) this.lates.delete(this, this.peer);
      return answer;
    }
    deadlines.set(this, now + (this.isAcknowledged ? limits.maxAnswerMs : limits.piggybackMs));
    return undefined;
  }

  due(now: number): void {
    if (this.isAcknowledged) {
      this.#void();
      return this.#respond(refusal(Code.gatewayTimeout, "No answer came in time"), now);
    }
    this.#acknowledge();
    const { deadlines, limits } = this.lates.layer;
    deadlines.set(this, now + limits.maxAnswerMs - limits.piggybackMs);
  }

  encode(composer: Composer, id: number): Uint8Array {
    const answer = this.#answer!;
    return composer.message(CON, answer.code, id, this.request.message.token, answer);
  }

  acknowledged(): void {
    this.lates.delete(this, this.peer);
  }

  failed(): void {
    this.lates.delete(this, this.peer);
  }

  shutdown(now: number): void {
    if (this.#answer !== undefined) return;
    this.#void();
    this.#respond(refusal(Code.unavailable, "The gateway is shutting down"), now);
  }

  end(): void {
    this.#void();
    this.lates.delete(this, this.peer);
  }

  #void(): void {
    this.#isVoid = true;
    this.#gone?.();
    this.#gone = undefined;
  }

  /** Adds this to the requests that wait; a refusal when there are too many. */
  #wait(): Answer | undefined {
    if (this.#peer !== undefined) return undefined;
    const { layer } = this.lates, peer = layer.peers.open(this.address);
    if (!this.lates.add(this, peer)) {
      this.#isVoid = true;
      layer.peers.release(peer);
      return refusal(Code.unavailable, "Too many requests wait already");
    }
    this.#peer = peer;
    return undefined;
  }

  /** Acknowledges the request, whose answer is sent separately then. */
  #acknowledge(): void {
    if (this.isAcknowledged) return;
    this.isAcknowledged = true;
    this.lates.layer.acknowledge(this.request.message, this.address);
  }

  #settle(answer: Answer | undefined, now: number): void {
    if (answer !== undefined) this.#respond(answer, now);
    // Other questions that are open will answer.
    else if (this.#open === 0) this.lates.delete(this, this.peer);
  }

  #respond(answer: Answer, now: number): void {
    const { lates, peer, request } = this, { layer } = lates, { message } = request;
    const part = lates.blocks.finish(answer, request, peer.key, now);
    this.#answer = part;
    layer.deadlines.delete(this);
    if (!isWanted(request, part)) this.#acknowledge();
    else if (!this.isAcknowledged) layer.respond(message, peer, part);
    else if (message.type === CON) return layer.confirm(this, now);
    else layer.send(peer, message.token, part);
    lates.delete(this, peer);
  }
}
