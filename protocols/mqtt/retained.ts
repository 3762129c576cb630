import { Delivery, type Publication, type Qos } from "../publication.ts";
import { type Period, Replay, Steps } from "../replay.ts";
import type { Subscription } from "../session.ts";
import type { Client } from "./broker/client.ts";
import { isExpired } from "./broker/message.ts";
import type { Link } from "./link.ts";

/** Stored messages on their way to a client, read only as fast as it takes them. */
export class Retained {
  /** True when `next` gives nothing until others have had a turn, and `rested` says so. */
  isTired = false;
  readonly #steps = new Steps();
  #sources: Map<string, Replay> | undefined;
  /** Read from its source but not sent: it waits for the window. */
  #held: { value: Publication; source: Replay } | undefined;

  constructor(readonly link: Link, readonly client: Client) {}

  /** Begins, or begins anew, to send what `filter` selects. */
  add(filter: string, subscription: Subscription, period?: Period): void {
    const { link: { hub }, client: receiver } = this;
    const source = new Replay(hub, filter, subscription, { period, receiver });
    (this.#sources ??= new Map()).set(filter, source);
  }

  /** Sends no more of this filter: its subscription has ended. */
  remove(filter: string): void {
    const source = this.#sources?.get(filter);
    if (source === undefined) return;
    this.#sources!.delete(filter);
    if (this.#held?.source === source) this.#held = undefined;
  }

  /** Others have had a turn. */
  rested(): void {
    this.isTired = false;
    this.#steps.renew();
  }

  /** The next message to be sent, if any. Without room for one of QoS 1 or 2, only one of QoS 0. */
  next(hasRoom: boolean, now: number): Delivery | undefined {
    const held = this.#held;
    if (held !== undefined) {
      if (!hasRoom) return undefined;
      this.#held = undefined;
      const { value, source } = held;
      // Meanwhile the topic may have got another value, which must not be followed by an older one.
      const current = source.isPast ? value : this.link.hub.retained(value.topic);
      const { screen, qos } = source.subscription;
      // What the client may follow may have changed as well.
      const isShown = current && screen?.shows(current, this.client, qos) !== false;
      const delivery = isShown ? this.#delivery(current, source, now) : undefined;
      if (delivery !== undefined) return delivery;
    }
    return this.#read(hasRoom, now);
  }

  #read(hasRoom: boolean, now: number): Delivery | undefined {
    if (this.#sources === undefined) return undefined;
    for (const [filter, source] of this.#sources) {
      for (;;) {
        this.isTired = !this.#steps.take(source);
        if (this.isTired) return undefined;
        const { value, done } = source.next();
        if (done) break;
        const delivery = value && this.#delivery(value, source, now);
        if (delivery === undefined) continue;
        if (delivery.qos === 0 || hasRoom) return delivery;
        this.#held = { value: value!, source };
        return undefined;
      }
      this.#sources.delete(filter);
    }
    this.#sources = undefined;
    return undefined;
  }

  #delivery(
    publication: Publication,
    { subscription: { qos: maximum, noLocal, id }, isPast }: Replay,
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
