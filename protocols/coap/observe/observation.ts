import type { Due } from "../../deadlines.ts";
import { wordsOfEnd } from "../../grant.ts";
import type { Screen } from "../../guard.ts";
import type { Delivery, Publication } from "../../publication.ts";
import type { Receiver } from "../../session.ts";
import { Block } from "../blocks/block.ts";
import type { Shape } from "../blocks/blockwise.ts";
import type { Confirmable } from "../exchange/layer.ts";
import type { Peer } from "../exchange/peers.ts";
import { Answer, refusal } from "../messages/answer.ts";
import { Code, CON } from "../messages/codec.ts";
import type { Composer } from "../messages/composer.ts";
import type { Caller } from "../origin.ts";
import type { Watch } from "../paths/watch.ts";
import type { Client } from "../pubsub/client.ts";
import type { Listener } from "./audience.ts";
import type { Changed } from "./changes.ts";
import type { Observers } from "./observers.ts";

/** 2.05 (Content) without a value. */
const nothing = new Answer(Code.content);

/** What an observer asks for. */
export interface ObservationWish {
  filter: string;
  /** The only Content-Format that it accepts; undefined for any. */
  accept: number | undefined;
  /** The size exponent of blocks that it wants (RFC 7959 §2.6); undefined when it did not say. */
  szx: number | undefined;
  /** True when every notification is to be confirmable, and not only one in a few: `?qos=1`. */
  everyConfirmed: boolean;
  /** True when as few are to be confirmable as RFC 7252 §4.7 and RFC 7641 §4.5 allow. */
  fewConfirmed?: boolean;
  /** Bytes of the request that are held for as long as it observes, beside the filter. */
  bytes?: number;
  /** What of a value is shown, when it is not all. */
  select?: (value: Publication) => Answer;
  /** How notifications are cut whose other blocks must be kept, unlike those of a topic's value. */
  shape?: Shape;
  /** The resource of a handler that is observed, in place of a topic. */
  watch?: Watch;
  /** Holds back what the observer may not see. */
  screen?: Screen | undefined;
  /** Whose login the observation ends with. Clients in connection mode see to that themselves. */
  caller?: Pick<Caller, "guard" | "identity"> | undefined;
  /** True when it ends once the value is cleared, as the publish-subscribe draft asks for. */
  endsWhenCleared: boolean;
  /** The client in connection mode that observes, from whatever address. */
  client?: Client | undefined;
  /** The most observers that this topic may have. */
  maxSubscribers?: number | undefined;
  /** Milliseconds after which a silent observer is asked if it is there, if sooner than usual. */
  probeMs?: number | undefined;
}

/**
 * One observer of a topic or filter (RFC 7641). It holds the newest value only: a value that comes
 * before the last one was sent, or while that is not acknowledged, replaces it.
 */
export class Observation implements Receiver, Confirmable, Due, Changed, Listener {
  readonly name: string;
  readonly owner: string;
  sequence: number;
  outdated = false;
  dueAt = Infinity;
  place = -1;
  /** The id of the last non-confirmable notification, which a reset may name. */
  lastId = -1;
  /** True once nothing more is sent, apart from what is on its way. */
  ended = false;
  /** True once its address is verified. It stays true, because it acknowledges again and again. */
  isProven: boolean;
  #value: Publication | undefined = undefined;
  /** The newest state of a handler's resource, in place of a value. */
  #shown: Answer | undefined = undefined;
  /** The answer that ends the observation, once there is one. */
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

  /** Sends no more notifications. */
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

  /** The resource has changed; or is gone, if this is an error. */
  show(answer: Answer): void {
    if (this.outdated) this.observers.hub.count("coap.conflated");
    this.#shown = answer;
    this.outdated = true;
    this.#list();
  }

  /** Ends with a last notification. */
  dismiss(answer: Answer): void {
    this.#last ??= answer;
    this.outdated = true;
    this.#list();
  }

  probeEvery(ms: number): void {
    this.#probeMs = Math.min(ms, this.observers.layer.limits.probeAfterMs);
    this.#list();
  }

  /** Goes on at another address. A notification on its way to the old one has been cancelled. */
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
    // An error is the last notification, so it has to arrive.
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

  /**
   * Sees to it that the observer is probed in time. A deadline that is too early moves when due.
   */
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

  /** The next notification. A topic without a value is no error here. */
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

  /** The first block of a large value, of which the client requests the others (RFC 7959 §2.6). */
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
    // A peer that may have left must not be sent more than this (RFC 7252 §4.7, PROBING_RATE).
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
