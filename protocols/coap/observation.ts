import type { Screen } from "../guard.ts";
import type { Delivery, Publication } from "../publication.ts";
import type { Receiver } from "../session.ts";
import { type Answer, refusal } from "./answer.ts";
import type { Changed } from "./changes.ts";
import { Code, CON, NON, NONE } from "./codec.ts";
import type { Due } from "../deadlines.ts";
import type { Confirmable } from "./exchange.ts";
import type { Observers } from "./observers.ts";
import type { Peer } from "./peers.ts";
import { represent, type Wish } from "./representation.ts";

/** What an observer asked for. */
export interface ObservationWish extends Wish {
  filter: string;
  /** Every notification is confirmable, and not only one in a few: `?qos=1`. */
  everyConfirmed: boolean;
  /** Holds back what the observer may not see. */
  screen?: Screen | undefined;
  /** When the login of the observer ends. */
  expires?: number | undefined;
  /** The observation ends when the value is cleared: what the publish-subscribe draft asks for. */
  endsWhenCleared: boolean;
}

/**
 * One observer of a topic or filter (RFC 7641). It holds the newest value only: whatever comes
 * before the last one has been sent, or has been acknowledged, takes that one's place.
 */
export class Observation implements Receiver, Confirmable, Due, Changed {
  readonly name: string;
  sequence: number;
  outdated = false;
  dueAt = Infinity;
  place = -1;
  /** Of the last notification that asked for no acknowledgement: a reset names it. */
  lastId = -1;
  /** Set when nothing more is to be said, apart from what is on its way. */
  ended = false;
  #value: Publication | undefined = undefined;
  #listed = false;
  #confirming = false;
  #unconfirmed = 0;
  #confirmedAt: number;

  constructor(
    readonly observers: Observers,
    readonly peer: Peer,
    readonly token: Uint8Array,
    readonly wish: ObservationWish,
    /** When it began, and the sequence number of the first answer. */
    begun: { at: number; sequence: number },
  ) {
    this.name = `coap ${peer.key} observing ${wish.filter}`;
    this.#confirmedAt = begun.at;
    this.sequence = begun.sequence;
  }

  deliver({ publication }: Delivery): boolean {
    if (this.outdated) this.observers.hub.count("coap.conflated");
    this.#value = publication;
    this.outdated = true;
    this.#list();
    return true;
  }

  flush(now: number): boolean {
    this.#listed = false;
    if (!this.outdated || this.#confirming || this.ended) return true;
    const { exchange } = this.observers;
    const answer = this.#answer(now);
    // An error is the last that the observer hears, so it has to arrive.
    if (answer?.code !== Code.content || this.#mustConfirm(now)) {
      this.#confirming = true;
      exchange.confirm(this, now);
      return true;
    }
    const id = exchange.takeId(this.peer.key), sequence = after(this.sequence);
    const datagram = exchange.composer.notification(id, this.token, answer.body, sequence, NON);
    if (!exchange.wire.send(datagram, this.peer.address)) {
      this.#listed = true;
      return false;
    }
    this.lastId = id;
    this.sequence = sequence;
    this.outdated = false;
    this.#count();
    this.#value = undefined;
    this.#unconfirmed++;
    return true;
  }

  encode(id: number, now: number): Uint8Array {
    if (this.outdated) {
      this.outdated = false;
      this.sequence = after(this.sequence);
      this.#count();
    }
    const { composer } = this.observers.exchange;
    const answer = this.#answer(now);
    if (answer === undefined || answer.code === Code.content) {
      return composer.notification(id, this.token, answer?.body ?? NONE, this.sequence, CON);
    }
    this.observers.retire(this);
    return composer.message(CON, answer.code, id, this.token, answer.body);
  }

  acknowledged(now: number): void {
    this.#confirming = false;
    this.#unconfirmed = 0;
    this.#confirmedAt = now;
    if (this.outdated) this.#list();
    else this.#value = undefined;
  }

  failed(): void {
    this.observers.retire(this);
  }

  due(now: number): void {
    const { limits, deadlines } = this.observers.exchange;
    const silentMs = now - this.#confirmedAt;
    if (silentMs < limits.probeAfterMs) {
      deadlines.set(this, this.#confirmedAt + limits.probeAfterMs);
      return;
    }
    deadlines.set(this, now + limits.probeAfterMs);
    if (this.outdated) return;
    this.#value = this.observers.valueOf(this.wish);
    this.outdated = true;
    this.#list();
  }

  /** What there is to say; undefined when the topic holds no value, which is no error here. */
  #answer(now: number): Answer | undefined {
    const { expires } = this.wish;
    if (expires !== undefined && expires <= now) {
      return refusal(Code.unauthorized, "The login has expired");
    }
    const value = this.#value;
    if (value === undefined) return undefined;
    if (value.retain && value.payload.length === 0 && this.wish.endsWhenCleared) {
      return refusal(Code.notFound, "The topic was cleared");
    }
    return represent(value, this.wish, now);
  }

  #count(): void {
    const { traffic } = this.observers.hub;
    traffic.publishSent++;
    traffic.publishBytesSent += this.#value?.payload.length ?? 0;
  }

  #mustConfirm(now: number): boolean {
    const { confirmEvery, confirmAfterMs } = this.observers.exchange.limits;
    return this.wish.everyConfirmed || this.#unconfirmed + 1 >= confirmEvery ||
      now - this.#confirmedAt >= confirmAfterMs;
  }

  #list(): void {
    if (this.#listed || this.#confirming) return;
    this.#listed = true;
    this.observers.changes.add(this);
  }
}

/** Observers compare sequence numbers modulo 2^24 (RFC 7641 §3.4), so wrapping is safe. */
function after(sequence: number): number {
  return sequence + 1 & 0xffffff;
}
