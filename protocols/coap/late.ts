import type { Decided } from "../guard.ts";
import type { Answer } from "./answer.ts";
import { refusal } from "./answer.ts";
import type { Blockwise } from "./blockwise.ts";
import { Code, CON } from "./codec.ts";
import type { Composer } from "./composer.ts";
import type { Confirmable, MessageLayer } from "./layer.ts";
import type { Peer } from "./peers.ts";
import { isWanted, type Request } from "./request.ts";

/** Requests whose answers wait for hooks. */
export class LateAnswers {
  readonly #waiting = new Set<LateAnswer>();

  constructor(readonly layer: MessageLayer, readonly blocks: Blockwise) {}

  get size(): number {
    return this.#waiting.size;
  }

  /** A request that may have to wait. It is kept. */
  begin(request: Request, address: string): LateAnswer {
    return new LateAnswer(this, request, address);
  }

  /** True when one more request of this peer may wait. */
  add(late: LateAnswer, peer: Peer): boolean {
    const { maxReplies, maxRepliesPerPeer } = this.layer.limits;
    if (this.size >= maxReplies || peer.replies >= maxRepliesPerPeer) return false;
    this.#waiting.add(late);
    peer.replies++;
    return true;
  }

  delete(late: LateAnswer, peer: Peer): void {
    if (!this.#waiting.delete(late)) return;
    peer.replies--;
    this.layer.peers.release(peer);
  }

  /** The gateway stops: tells those who wait. */
  shutdown(now: number): void {
    for (const late of this.#waiting) late.shutdown(now);
  }
}

/** One request that hooks are asked about, and its answer when that comes in a later turn. */
export class LateAnswer implements Confirmable {
  /** A separate answer never changes. */
  readonly outdated = false;
  #peer: Peer | undefined;
  #answer: Answer | undefined;
  /** Questions without an answer. */
  #open = 0;
  #isVoid = false;

  constructor(
    readonly lates: LateAnswers,
    readonly request: Request,
    readonly address: string,
  ) {}

  get peer(): Peer {
    return this.#peer!;
  }

  /**
   * Asks for something and goes on with the answer. What `then` answers is the answer to the request:
   * at once, or separately (RFC 7252 §5.2.2) when this returns undefined.
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
    return isAnswered ? answer : this.#wait();
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
    this.#isVoid = true;
    this.#respond(refusal(Code.unavailable, "The gateway is shutting down"), now);
  }

  /** The answer goes separately, so the client must know that its request has come. */
  #wait(): Answer | undefined {
    if (this.#peer !== undefined) return undefined;
    const { layer } = this.lates, { request, address } = this;
    const peer = layer.peers.open(address);
    if (!this.lates.add(this, peer)) {
      this.#isVoid = true;
      layer.peers.release(peer);
      return refusal(Code.unavailable, "Too many requests wait already");
    }
    this.#peer = peer;
    layer.acknowledge(request.message, address);
    return undefined;
  }

  #settle(answer: Answer | undefined, now: number): void {
    if (answer !== undefined) this.#respond(answer, now);
    // Whatever else it waits for answers by itself.
    else if (this.#open === 0) this.lates.delete(this, this.peer);
  }

  #respond(answer: Answer, now: number): void {
    const { lates, peer, request } = this, { type, token } = request.message;
    const part = lates.blocks.finish(answer, request, peer.key, now);
    this.#answer = part;
    if (!isWanted(request, part)) return lates.delete(this, peer);
    if (type === CON) return lates.layer.confirm(this, now);
    lates.layer.send(peer, token, part);
    lates.delete(this, peer);
  }
}
