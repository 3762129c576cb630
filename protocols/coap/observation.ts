import type { Screen } from "../guard.ts";
import type { Delivery, Publication } from "../publication.ts";
import type { Receiver } from "../session.ts";
import { Answer, refusal } from "./answer.ts";
import type { Listener } from "./audience.ts";
import type { Changed } from "./changes.ts";
import { Block } from "./block.ts";
import type { Shape } from "./blockwise.ts";
import type { Client } from "./pubsub/client.ts";
import { Code, CON } from "./codec.ts";
import type { Composer } from "./composer.ts";
import type { Due } from "../deadlines.ts";
import type { Confirmable } from "./layer.ts";
import { wordsOfEnd } from "../grant.ts";
import type { Observers } from "./observers.ts";
import type { Caller } from "./origin.ts";
import type { Peer } from "./peers.ts";
import type { Watch } from "./paths/watch.ts";

/** 2.05 without a value. */
const nothing = new Answer(Code.content);

/** What an observer asked for. */
export interface ObservationWish {
  filter: string;
  /** The only Content-Format that will do. */
  accept: number | undefined;
  /** The size of the blocks of large values (RFC 7959 §2.6); undefined when it did not say. */
  szx: number | undefined;
  /** Every notification is confirmable, and not only one in a few: `?qos=1`. */
  everyConfirmed: boolean;
  /** As few are confirmable as RFC 7252 §4.7 and RFC 7641 §4.5 allow. */
  fewConfirmed?: boolean;
  /** Bytes of the request that are held for as long as it observes, beside the filter. */
  bytes?: number;
  /** What of a value is shown, when it is not all. */
  select?: (value: Publication) => Answer;
  /** How notifications are cut whose rest is kept, as it cannot be made again of a topic's value. */
  shape?: Shape;
  /** What is observed in place of a topic. */
  watch?: Watch;
  /** Holds back what the observer may not see. */
  screen?: Screen | undefined;
  /** Who observes, unless it is a client in connection mode: that one's login is its own affair. */
  caller?: Pick<Caller, "guard" | "identity"> | undefined;
  /** The observation ends when the value is cleared: what the publish-subscribe draft asks for. */
  endsWhenCleared: boolean;
  /** The client in connection mode that observes, wherever it is. */
  client?: Client | undefined;
  /** How many may observe this topic at once. */
  maxSubscribers?: number | undefined;
  /** Milliseconds after which a silent observer is asked if it is there, if not the usual ones. */
  probeMs?: number | undefined;
}

/**
 * One observer of a topic or filter (RFC 7641). It holds the newest value only: whatever comes
 * before the last one has been sent, or has been acknowledged, takes that one's place.
 */
export class Observation implements Receiver, Confirmable, Due, Changed, Listener {
  readonly name: string;
  readonly owner: string;
  sequence: number;
  outdated = false;
  dueAt = Infinity;
  place = -1;
  /** Of the last notification that asked for no acknowledgement: a reset names it. */
  lastId = -1;
  /** Set when nothing more is to be said, apart from what is on its way. */
  ended = false;
  /** The observer acknowledges every so often, so this is true for as long as it observes. */
  isProven: boolean;
  #value: Publication | undefined = undefined;
  /** What there is to say of something else than a topic. */
  #shown: Answer | undefined = undefined;
  /** The last that it will hear. */
  #last: Answer | undefined = undefined;
  #probeMs: number;
  readonly #unwatch: (() => void) | undefined;
  #listed = false;
  #confirming = false;
  #unconfirmed = 0;
  #unconfirmedBytes = 0;
  #confirmedAt: number;

  constructor(
    readonly observers: Observers,
    public peer: Peer,
    readonly token: Uint8Array,
    readonly wish: ObservationWish,
    /** When it began, the sequence number of the first answer, and for whom it is counted. */
    begun: { at: number; sequence: number; owner: string },
  ) {
    this.owner = begun.owner;
    this.name = `coap ${peer.key} observing ${wish.filter}`;
    this.#confirmedAt = begun.at;
    this.isProven = observers.layer.trusts(peer.address);
    const usualMs = observers.layer.limits.probeAfterMs;
    this.#probeMs = Math.min(wish.probeMs ?? usualMs, usualMs);
    this.sequence = begun.sequence;
    const { guard, identity } = wish.caller ?? {};
    this.#unwatch = guard?.watch(identity!, (end) => {
      if (!this.ended) this.dismiss(refusal(Code.unauthorized, wordsOfEnd[end]));
    });
  }

  /** Hears no more. */
  end(): void {
    this.ended = true;
    this.#unwatch?.();
  }

  deliver({ publication }: Delivery): boolean {
    if (this.outdated) this.observers.hub.count("coap.conflated");
    this.#value = publication;
    this.outdated = true;
    this.#list();
    return true;
  }

  /** What is observed has changed, or is no more when this is an error. */
  show(answer: Answer): void {
    if (this.outdated) this.observers.hub.count("coap.conflated");
    this.#shown = answer;
    this.outdated = true;
    this.#list();
  }

  /** Ends with a last word. */
  dismiss(answer: Answer): void {
    this.#last ??= answer;
    this.outdated = true;
    this.#list();
  }

  probeEvery(ms: number): void {
    this.#probeMs = Math.min(ms, this.observers.layer.limits.probeAfterMs);
    this.#list();
  }

  /** Goes on at another address. What was on its way to the old one is cancelled. */
  move(peer: Peer): void {
    this.peer = peer;
    this.isProven = this.observers.layer.trusts(peer.address);
    this.lastId = -1;
    if (this.#confirming) this.outdated = true;
    this.#confirming = false;
    this.#list();
  }

  flush(now: number): boolean {
    this.#listed = false;
    if (this.#confirming || this.ended) return true;
    this.arm();
    if (!this.outdated) return true;
    const { layer } = this.observers;
    const answer = this.#answer(now);
    // An error is the last that the observer hears, so it has to arrive.
    if (answer.code !== Code.content || this.#mustConfirm(answer, now)) {
      this.#confirming = true;
      layer.confirm(this, now);
      return true;
    }
    const sequence = after(this.sequence);
    const part = this.#firstPart(answer, now);
    const id = layer.send(this.peer, this.token, part, sequence, this.isProven);
    if (id < 0) {
      this.#listed = true;
      return false;
    }
    this.lastId = id;
    this.sequence = sequence;
    this.outdated = false;
    this.#count();
    this.#value = this.#shown = undefined;
    this.#unconfirmed++;
    this.#unconfirmedBytes += answer.payload.length;
    return true;
  }

  encode(composer: Composer, id: number, now: number): Uint8Array {
    if (this.outdated) {
      this.outdated = false;
      this.sequence = after(this.sequence);
      this.#count();
    }
    const answer = this.#answer(now);
    if (answer.code === Code.content) {
      const part = this.#firstPart(answer, now);
      return composer.message(CON, part.code, id, this.token, part, this.sequence);
    }
    this.observers.retire(this);
    return composer.message(CON, answer.code, id, this.token, answer);
  }

  acknowledged(now: number): void {
    this.#confirming = false;
    this.#unconfirmed = this.#unconfirmedBytes = 0;
    this.#confirmedAt = now;
    this.isProven ||= this.observers.layer.trusts(this.peer.address);
    if (!this.ended) this.arm();
    if (this.outdated) this.#list();
    else this.#value = this.#shown = undefined;
  }

  failed(): void {
    this.observers.retire(this);
  }

  /** Asks if the observer is there in time. A deadline that is too early is moved when it comes. */
  arm(): void {
    const wakeAt = this.#wakeAt;
    if (this.place < 0 || wakeAt < this.dueAt) this.observers.layer.deadlines.set(this, wakeAt);
  }

  due(now: number): void {
    const { deadlines } = this.observers.layer;
    if (now < this.#wakeAt) return deadlines.set(this, this.#wakeAt);
    deadlines.set(this, now + this.#probeMs);
    if (this.outdated) return;
    if (this.wish.watch !== undefined) return this.wish.watch.changed();
    this.#value = this.observers.valueOf(this.wish, this);
    this.outdated = true;
    this.#list();
  }

  get #wakeAt(): number {
    return this.#confirmedAt + this.#probeMs;
  }

  /** What there is to say. A topic without a value is no error here. */
  #answer(now: number): Answer {
    if (this.#last !== undefined) return this.#last;
    if (this.#shown !== undefined) return this.#shown;
    const value = this.#value;
    if (value === undefined) return nothing;
    if (value.retain && value.payload.length === 0 && this.wish.endsWhenCleared) {
      return refusal(Code.notFound, "The topic was cleared");
    }
    return this.observers.show(value, this.wish, now);
  }

  /** The rest of a large value is fetched by requests of its own (RFC 7959 §2.6). */
  #firstPart(answer: Answer, now: number): Answer {
    const { szx, shape } = this.wish;
    if (shape) return this.observers.blocks.notify(answer, shape, this.peer.key, now);
    return this.observers.blocks.part(
      answer,
      szx === undefined ? undefined : new Block(0, false, szx),
    );
  }

  #count(): void {
    const { traffic } = this.observers.hub;
    traffic.publishSent++;
    traffic.publishBytesSent += (this.#shown ?? this.#value)?.payload.length ?? 0;
  }

  #mustConfirm({ payload }: Answer, now: number): boolean {
    const { limits } = this.observers.layer, { probingRate, maxUnconfirmedBytes } = limits;
    const silentMs = now - this.#confirmedAt;
    // What a peer that may have left is sent must not be more (RFC 7252 §4.7, PROBING_RATE).
    const bytes = maxUnconfirmedBytes + probingRate * silentMs / 1000;
    if (!this.isProven) return true;
    if (this.wish.everyConfirmed || this.#unconfirmedBytes + payload.length > bytes) return true;
    if (this.wish.fewConfirmed) return silentMs >= this.#probeMs;
    return this.#unconfirmed + 1 >= limits.confirmEvery ||
      silentMs >= Math.min(limits.confirmAfterMs, this.#probeMs);
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
