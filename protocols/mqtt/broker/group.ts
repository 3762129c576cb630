import type { Screen } from "../../guard.ts";
import { Entry, type Journal } from "../../journal.ts";
import { Delivery, type Publication, type Qos } from "../../publication.ts";
import type { Publisher, Receiver, Subscription } from "../../session.ts";
import type { MqttLimits } from "../limits.ts";
import type { Page } from "./backlog.ts";
import type { Client } from "./client.ts";
import { Queue } from "./queue.ts";
import { type SessionLog, settle, StoredDelivery } from "./session_log.ts";
import type { Tally } from "./tally.ts";

/** A message of QoS 1 or 2 that one member of a group was given on behalf of all of them. */
export class SharedDelivery extends StoredDelivery {
  constructor(
    publication: Publication,
    { qos, retain, ids }: { qos: Qos; retain: boolean; ids: readonly number[] | undefined },
    readonly group: Group,
    journal: Journal | undefined,
    entry: Entry,
  ) {
    super(publication, { qos, retain, ids }, journal, entry);
  }

  override of(publication: Publication): SharedDelivery {
    return new SharedDelivery(publication, this, this.group, this.journal, this.entry);
  }
}

/**
 * 100 stored messages are handed out at once after a restart: it keeps members busy, and is quick.
 */
const FIRST_MESSAGES = 100;

/**
 * A shared subscription (MQTT 5.0 §4.8.2): each message goes to one of its members. Messages that
 * no member can take now wait in a queue of the group.
 */
export class Group implements Receiver {
  readonly #members: Client[] = [];
  readonly #subscriptions = new Map<Client, Subscription>();
  /** How many members want QoS 0, 1 and 2, and the retain flag as it was: not looked up each time. */
  readonly #wishes = [0, 0, 0, 0];
  readonly #queue: Queue;
  /** Records it in the journal, as soon as one of its members has a session that is recorded. */
  log: SessionLog | undefined = undefined;
  /** The place, among the members, of the one whose turn is next. */
  #turn = 0;
  /** The member that got each publisher's last message. */
  readonly #sticky = new WeakMap<object, Client>();

  constructor(readonly name: string, public limits: MqttLimits, readonly tally: Tally) {
    this.#queue = new Queue(tally);
  }

  get isEmpty(): boolean {
    return this.#members.length === 0;
  }

  /** What this group subscribes to: as much as any of its members wants. */
  get subscription(): Subscription {
    const [, one, two] = this.#wishes;
    return { qos: two! > 0 ? 2 : one! > 0 ? 1 : 0, retainAsPublished: this.#wishes[3]! > 0 };
  }

  /** Adds a member, or changes how it wants its messages. */
  add(client: Client, subscription: Subscription): void {
    const before = this.#subscriptions.get(client);
    if (before === undefined) this.#members.push(client);
    else this.#countWishes(before, -1);
    this.#countWishes(subscription, 1);
    this.#subscriptions.set(client, subscription);
    client.join(this);
  }

  /** Removes a member. With the last one, the messages of the group's queue are lost. */
  remove(client: Client): void {
    client.leave(this);
    const before = this.#subscriptions.get(client);
    if (before === undefined) return;
    this.#countWishes(before, -1);
    this.#subscriptions.delete(client);
    this.#members.splice(this.#members.indexOf(client), 1);
    if (!this.isEmpty) return;
    this.log?.journal.endGroup(this.log.key);
    this.log = undefined;
    for (let left = this.#queue.size; left > 0; left--) this.tally.lose("mqtt.dropped");
    // Without a look at what is written down.
    this.#queue.clear();
  }

  #countWishes({ qos, retainAsPublished }: Subscription, sign: 1 | -1): void {
    this.#wishes[qos]! += sign;
    if (retainAsPublished) this.#wishes[3]! += sign;
  }

  deliver(delivery: Delivery, from?: Publisher): boolean {
    const { log } = this;
    if (log !== undefined && delivery.qos > 0 && !(delivery instanceof StoredDelivery)) {
      if (log.journal.failing) {
        log.journal.refuse();
        return false;
      }
      delivery = log.entered(delivery);
    }
    if (this.#give(delivery, from)) return true;
    // QoS 0 need not be stored when all are away, as for a client by itself: that is no overload.
    if (delivery.qos === 0) return this.#members.every(({ inbox }) => inbox === undefined);
    if (this.#queued(delivery)) return true;
    settle(delivery);
    this.tally.lose("mqtt.dropped");
    return false;
  }

  /** Queues a message that no member takes now; false when there is no room. */
  #queued(delivery: Delivery): boolean {
    const { limits, log } = this;
    // A message that comes back from a member has been recorded before.
    if (!isNew(delivery) || log === undefined) return this.#queue.offer(delivery, limits);
    if (!this.#queue.makeRoom(delivery, limits, 0)) return false;
    this.#queue.shelve(delivery, log, limits);
    return true;
  }

  /** Takes back a message that a member did not acknowledge, and gives it to another. */
  takeBack({ publication, journal, entry }: SharedDelivery): void {
    if (this.isEmpty) return this.tally.lose("mqtt.dropped");
    const { qos } = publication, like = { qos, retain: false, ids: undefined };
    this.deliver(
      journal === undefined
        ? new Delivery(publication, qos, false, undefined)
        : new StoredDelivery(publication, like, journal, entry),
    );
  }

  /** Puts the messages that were stored before a restart in front, and begins to hand them out. */
  restore(pages: Page[]): void {
    this.#queue.follow(pages, this.limits);
    if (this.#members.every(({ inbox }) => inbox === undefined)) return;
    // Once members have acknowledged these, they ask for the others by themselves.
    for (let left = Math.min(this.#queue.size, FIRST_MESSAGES); left > 0; left--) {
      this.deliver(this.#queue.shift()!);
    }
  }

  /** The oldest message of the group's queue, for a member that has room. */
  next(client: Client): Delivery | undefined {
    const { screen } = this.#subscriptions.get(client) ?? {};
    if (screen !== undefined) return this.#nextSeen(client, screen);
    const delivery = this.#queue.shift();
    return delivery && this.#deliveryFor(client, delivery);
  }

  /** The oldest message that this member may see; the others go on waiting. */
  #nextSeen(client: Client, screen: Screen): Delivery | undefined {
    for (let left = this.#queue.size; left > 0; left--) {
      const delivery = this.#queue.shift()!, { publication, qos } = delivery;
      if (screen.shows(publication, this.#door(client), qos)) {
        return this.#deliveryFor(client, delivery);
      }
      this.#queue.push(delivery, this.limits);
    }
    return undefined;
  }

  /** A receiver that hands deliveries of the group to this member. */
  #door(client: Client): Receiver {
    return {
      name: client.name,
      deliver: (delivery, from) => client.take(this.#deliveryFor(client, delivery), from),
    };
  }

  #offer(client: Client, delivery: Delivery, from?: Publisher): boolean {
    const { screen } = this.#subscriptions.get(client)!;
    const isTaken = screen === undefined
      ? client.take(this.#deliveryFor(client, delivery), from)
      : screen.deliver(delivery, this.#door(client), from) === true;
    if (isTaken && delivery instanceof StoredDelivery) this.#keep(delivery, client);
    return isTaken;
  }

  #keep(delivery: StoredDelivery, client: Client): void {
    // Nobody waits for the acknowledgement of QoS 0.
    if (this.#subscriptions.get(client)!.qos === 0) settle(delivery);
    else this.log?.keep(delivery);
  }

  #give(delivery: Delivery, from?: Publisher): boolean {
    const chosen = this.#choose(delivery.publication.origin);
    if (chosen === undefined) return false;
    if (this.#offer(chosen, delivery, from)) return true;
    return this.#members.some((each) => each !== chosen && this.#offer(each, delivery, from));
  }

  #choose(origin: unknown): Client | undefined {
    const { sharedStrategy } = this.limits;
    if (sharedStrategy === "least-loaded") return this.#leastLoaded();
    if (sharedStrategy === "round-robin" || !isObject(origin)) return this.#inTurn();
    const last = this.#sticky.get(origin);
    if (last !== undefined && this.#subscriptions.has(last) && isFree(last)) return last;
    const next = this.#inTurn();
    if (next !== undefined) this.#sticky.set(origin, next);
    return next;
  }

  /** The next member that is connected; one that is behind only if all are. */
  #inTurn(): Client | undefined {
    const members = this.#members, { length } = members;
    let busy = -1;
    for (let step = 0; step < length; step++) {
      const at = (this.#turn + step) % length, member = members[at]!;
      if (isFree(member)) {
        this.#turn = at + 1;
        return member;
      }
      if (busy < 0 && member.inbox !== undefined) busy = at;
    }
    this.#turn = busy + 1;
    return members[busy];
  }

  #leastLoaded(): Client | undefined {
    const members = this.#members, { length } = members;
    let best: Client | undefined, bestLoad = Infinity;
    for (let step = 0; step < length; step++) {
      const member = members[(this.#turn + step) % length]!;
      if (member.inbox === undefined) continue;
      // A member that is behind comes after all that are not.
      const load = member.load + (isFree(member) ? 0 : Number.MAX_SAFE_INTEGER / 2);
      if (load >= bestLoad) continue;
      best = member;
      bestLoad = load;
    }
    this.#turn = length === 0 ? 0 : (this.#turn + 1) % length;
    return best;
  }

  #deliveryFor(client: Client, delivery: Delivery): Delivery {
    const { publication } = delivery, subscription = this.#subscriptions.get(client)!;
    const { qos: maximum, id, retainAsPublished } = subscription;
    const retain = retainAsPublished === true && publication.retain;
    const qos = Math.min(publication.qos, maximum) as Qos;
    const ids = id === undefined ? undefined : [id];
    if (qos > 0) {
      const { journal, entry } = delivery instanceof StoredDelivery ? delivery : unwritten;
      return new SharedDelivery(publication, { qos, retain, ids }, this, journal, entry);
    }
    if (delivery.qos === 0 && delivery.retain === retain && ids === undefined) return delivery;
    return new Delivery(publication, 0, retain, ids);
  }
}

/** In place of an entry of the journal, for messages that are not recorded. */
const unwritten = { journal: undefined, entry: new Entry(0) };

/** True for a message that is still to be recorded. */
function isNew(delivery: Delivery): delivery is StoredDelivery {
  return delivery instanceof StoredDelivery && delivery.entry.segment === undefined;
}

/** True while a member is connected and keeps up. */
function isFree({ inbox, queued }: Client): boolean {
  return inbox !== undefined && inbox.behind !== true && queued === 0;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
