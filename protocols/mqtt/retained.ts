import { historyLimits } from "../history.ts";
import { Delivery, type Publication, type Qos } from "../publication.ts";
import type { Subscription } from "../session.ts";
import type { Client } from "./client.ts";
import type { Link } from "./link.ts";
import { isExpired } from "./message.ts";

/** The stored messages that are still to be sent for one new subscription. */
interface Source {
  readonly values: IterableIterator<Publication>;
  readonly subscription: Subscription;
  /** True for messages of the past (the user property `since`), false for retained ones. */
  readonly isPast: boolean;
}

/** Stored messages for a client's new subscriptions, read only as fast as it takes them. */
export class Retained {
  #sources: Map<string, Source> | undefined;
  /** A message that was read from its source, and waits until the client has room for it. */
  #held: { value: Publication; subscription: Subscription; isPast: boolean } | undefined;

  constructor(readonly link: Link, readonly client: Client) {}

  /** Begins, or begins anew, to send what `filter` selects. */
  add(filter: string, subscription: Subscription, since?: number): void {
    const { link: { hub }, client } = this;
    const question = since === undefined ? undefined : { since, limit: historyLimits.most };
    const past = question && hub.history?.(filter, question, subscription, client);
    const values = past?.values() ?? hub.retainedMatching(filter, subscription, client);
    (this.#sources ??= new Map()).set(filter, { values, subscription, isPast: past !== undefined });
  }

  /** Sends no more of this filter: its subscription has ended. */
  remove(filter: string): void {
    const source = this.#sources?.get(filter);
    if (source === undefined) return;
    this.#sources!.delete(filter);
    if (this.#held?.subscription === source.subscription) this.#held = undefined;
  }

  /** The next message to be sent, if any. Without room for one of QoS 1 or 2, only one of QoS 0. */
  next(hasRoom: boolean, now: number): Delivery | undefined {
    const held = this.#held;
    if (held !== undefined) {
      if (!hasRoom) return undefined;
      this.#held = undefined;
      // The topic may have another value by now, which an older one must not follow.
      const current = held.isPast ? held.value : this.link.hub.retained(held.value.topic);
      const delivery = current && this.#delivery(current, held, now);
      if (delivery !== undefined) return delivery;
    }
    return this.#read(hasRoom, now);
  }

  #read(hasRoom: boolean, now: number): Delivery | undefined {
    if (this.#sources === undefined) return undefined;
    for (const [filter, source] of this.#sources) {
      const { values, subscription, isPast } = source;
      for (let next = values.next(); !next.done; next = values.next()) {
        const delivery = this.#delivery(next.value, source, now);
        if (delivery === undefined) continue;
        if (delivery.qos === 0 || hasRoom) return delivery;
        this.#held = { value: next.value, subscription, isPast };
        return undefined;
      }
      this.#sources.delete(filter);
    }
    this.#sources = undefined;
    return undefined;
  }

  #delivery(
    publication: Publication,
    { subscription: { qos: maximum, noLocal, id }, isPast }: Omit<Source, "values">,
    now: number,
  ): Delivery | undefined {
    if (isExpired(publication, now)) return undefined;
    if (noLocal && isBy(publication.origin, this.client.name)) return undefined;
    const qos = Math.min(publication.qos, maximum) as Qos;
    return new Delivery(publication, qos, !isPast, id === undefined ? undefined : [id]);
  }
}

/** True for a publisher of this name: all that a message loaded from the store has of it. */
function isBy(origin: unknown, name: string): boolean {
  return origin === name || (origin as { name?: string } | undefined)?.name === name;
}
