import type { Screen } from "../../protocols/guard.ts";
import { Delivery, type Publication, type Qos } from "../../protocols/publication.ts";
import type { Outcome, Publisher, Receiver, Subscription } from "../../protocols/session.ts";
import { Subscribers } from "./subscribers.ts";
import { Trie } from "./trie.ts";

/** Topics whose matches are remembered, and matches in all: some megabytes at most. */
const MAX_REMEMBERED_TOPICS = 8192;
const MAX_REMEMBERED_MATCHES = 262_144;
/** Characters of such a topic: it can have 65,535, of which all together would be half a gigabyte. */
const MAX_REMEMBERED_LENGTH = 256;

/** One receiver that a topic concerns: all of its subscriptions taken together. */
interface Match {
  readonly receiver: Receiver;
  readonly qos: Qos;
  readonly retainAsPublished: boolean;
  readonly ids: readonly number[] | undefined;
  readonly screen: Screen | undefined;
  /** What is left of this match for what the receiver itself publishes. */
  own: Match | undefined;
}

/**
 * Who wants what. A table, not an actor: publishing runs in the publisher's own turn,
 * and each receiver's mailbox is the only queue on the way.
 */
export class Router {
  readonly #filters = new Trie<Subscribers>();
  readonly #receivers = new Map<Receiver, Set<string>>();
  #subscriptions = 0;
  // Publishers repeat their topics: what a topic matches is worth remembering until a subscription
  // changes.
  readonly #remembered = new Map<string, Match[]>();
  #rememberedMatches = 0;

  /** Counts its work in `traffic`. */
  constructor(readonly traffic: { work: number } = { work: 0 }) {}

  /** Subscriptions of all receivers. */
  get subscriptions(): number {
    return this.#subscriptions;
  }

  /** Receivers with a subscription. */
  get receivers(): number {
    return this.#receivers.size;
  }

  /** Adds or replaces a subscription; true when it is new. `filter` must be valid. */
  subscribe(filter: string, subscription: Subscription, receiver: Receiver): boolean {
    this.#forgetMatches();
    let subscribers = this.#filters.get(filter);
    if (subscribers === undefined) this.#filters.set(filter, subscribers = new Subscribers());
    const isNew = subscribers.set(receiver, subscription);
    if (isNew) {
      this.#subscriptions++;
      const filters = this.#receivers.get(receiver);
      if (filters) filters.add(filter);
      else this.#receivers.set(receiver, new Set([filter]));
    }
    return isNew;
  }

  /** Removes a subscription; true when there was one. */
  unsubscribe(filter: string, receiver: Receiver): boolean {
    const subscribers = this.#filters.get(filter);
    if (!subscribers?.delete(receiver)) return false;
    this.#forgetMatches();
    this.#subscriptions--;
    if (subscribers.isEmpty) this.#filters.delete(filter);
    const filters = this.#receivers.get(receiver);
    filters?.delete(filter);
    if (filters?.size === 0) this.#receivers.delete(receiver);
    return true;
  }

  /** Removes every subscription of a receiver. */
  forget(receiver: Receiver): void {
    for (const filter of this.#receivers.get(receiver) ?? []) this.unsubscribe(filter, receiver);
  }

  /** The filters of a receiver. */
  filtersOf(receiver: Receiver): Iterable<string> {
    return this.#receivers.get(receiver) ?? [];
  }

  /** Hands a publication to everyone whom its topic concerns. */
  publish(publication: Publication, from?: Publisher): Exclude<Outcome, "closing"> {
    const matches = this.#matchesOf(publication.topic);
    this.traffic.work += matches.length;
    let matched = false, accepted = false;
    // Receivers that want the same thing share one delivery.
    let shared: Delivery | undefined;
    for (let i = 0; i < matches.length; i++) {
      let match: Match | undefined = matches[i]!;
      if (match.receiver === publication.origin && (match = match.own) === undefined) continue;
      const qos = match.qos < publication.qos ? match.qos : publication.qos;
      const retain = match.retainAsPublished && publication.retain;
      let delivery = shared;
      if (
        delivery === undefined || delivery.qos !== qos || delivery.retain !== retain ||
        delivery.ids !== match.ids
      ) shared = delivery = new Delivery(publication, qos, retain, match.ids);
      const taken = match.screen === undefined
        ? match.receiver.deliver(delivery, from)
        : match.screen.deliver(delivery, match.receiver, from);
      // What a receiver may not see does not concern it.
      if (taken === undefined) continue;
      matched = true;
      if (taken) accepted = true;
    }
    return accepted ? "accepted" : matched ? "overloaded" : "unmatched";
  }

  #matchesOf(topic: string): Match[] {
    let matches = this.#remembered.get(topic);
    if (matches !== undefined) return matches;
    const { looks } = this.#filters;
    matches = merge(this.#filters.selecting(topic));
    this.traffic.work += this.#filters.looks - looks;
    if (topic.length > MAX_REMEMBERED_LENGTH) return matches;
    this.#rememberedMatches += matches.length;
    if (
      this.#remembered.size >= MAX_REMEMBERED_TOPICS ||
      this.#rememberedMatches > MAX_REMEMBERED_MATCHES
    ) {
      this.#forgetMatches();
      this.#rememberedMatches = matches.length;
    }
    this.#remembered.set(topic, matches);
    return matches;
  }

  #forgetMatches(): void {
    if (this.#remembered.size === 0) return;
    this.#remembered.clear();
    this.#rememberedMatches = 0;
  }
}

/** Overlapping subscriptions of one receiver are one match with the highest QoS (MQTT-3.3.5-1). */
function merge(selected: Subscribers[]): Match[] {
  const [only] = selected;
  if (only === undefined) return [];
  if (selected.length === 1) {
    return Array.from(only, ([receiver, subscription]) => matchOf(receiver, [subscription]));
  }
  const byReceiver = new Map<Receiver, Subscription[]>();
  for (const subscribers of selected) {
    for (const [receiver, subscription] of subscribers) {
      const all = byReceiver.get(receiver);
      if (all) all.push(subscription);
      else byReceiver.set(receiver, [subscription]);
    }
  }
  return Array.from(byReceiver, ([receiver, all]) => matchOf(receiver, all));
}

function matchOf(receiver: Receiver, all: Subscription[]): Match {
  const ids = all.flatMap(({ id }) => id ?? []);
  const match: Match = {
    receiver,
    qos: all.reduce<Qos>((most, { qos }) => qos > most ? qos : most, 0),
    retainAsPublished: all.some(({ retainAsPublished }) => retainAsPublished),
    ids: ids.length > 0 ? ids : undefined,
    // One that has none sees everything, and one without a wildcard was allowed as a whole: what the
    // others would hold back comes because of it.
    screen: all.some(({ screen }) => screen === undefined)
      ? undefined
      : (all.find(({ screen }) => screen!.isOpen) ?? all[0]!).screen,
    own: undefined,
  };
  const heard = all.filter(({ noLocal }) => !noLocal);
  if (heard.length === all.length) match.own = match;
  else if (heard.length > 0) match.own = matchOf(receiver, heard);
  return match;
}
