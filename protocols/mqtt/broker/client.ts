import type { Identity } from "../../identity.ts";
import type { Delivery } from "../../publication.ts";
import type { Inbox, Publisher, Receiver, Subscription } from "../../session.ts";
import { filterBytes } from "../../topic.ts";
import type { MqttLimits } from "../limits.ts";
import type { Will } from "../packets/packet.ts";
import type { Group } from "./group.ts";
import { Inflight } from "./inflight.ts";
import { willBytes } from "./message.ts";
import { outliving } from "./outliving.ts";
import { Queue } from "./queue.ts";
import { type SessionLog, settle, StoredDelivery } from "./session_log.ts";
import type { Tally } from "./tally.ts";

/** What is counted for an owner: one session or none, and the bytes of its will. */
interface Charge {
  readonly owner: string;
  readonly sessions: number;
  readonly bytes: number;
}

/** A signal to a connection: its client's queue is full, and the policy is to hang up. */
export const OVERFLOW = Symbol("overflow");

/** The state of an MQTT session, which may outlive its connection (MQTT 5.0 §4.1). */
export class Client implements Receiver {
  /** The present connection; undefined while there is none. */
  inbox: Inbox | undefined = undefined;
  /** Connections that wait for this session, in the order in which they came; mostly none. */
  heirs: Inbox[] | undefined = undefined;
  /** True when there is a session: one that the next connection can continue. */
  present = false;
  /** Counts the sessions of this name: what was on its way to an earlier one must not arrive. */
  epoch = 0;
  /** Records it in the journal; undefined for a session that ends with its connection. */
  log: SessionLog | undefined = undefined;
  /** True until the messages that were stored before a restart have been loaded. */
  loading = false;
  /** Whose session it is; undefined for somebody without a name who leaves nothing behind. */
  identity: Identity | undefined = undefined;
  /** Seconds that the session lives on without a connection; 0xffffffff for ever. */
  expirySeconds = 0;
  /** When it ends without a connection; Infinity for never. */
  expiresAt = Infinity;
  /** When the will is due after the connection was lost, or Infinity. */
  willAt = Infinity;
  /** Messages of QoS 1 and 2 that the connection may have under way; 0 without a connection. */
  window = 0;
  // Most clients only publish, or hear little: what a client does not use is not allocated.
  #subscriptions: Map<string, Subscription> | undefined = undefined;
  #subscriptionBytes = 0;
  #will: Will | undefined = undefined;
  #charge: Charge | undefined = undefined;
  #groups: Set<Group> | undefined = undefined;
  #inflight: Inflight | undefined = undefined;
  #queue: Queue | undefined = undefined;
  #received: Set<number> | undefined = undefined;
  /** Messages of QoS 1 and 2 that wait in the mailbox of the connection. */
  #mail = 0;

  constructor(readonly name: string, public limits: MqttLimits, readonly tally: Tally) {}

  /** The name of who that is, where hooks have found it out. */
  get user(): string | undefined {
    return this.identity?.user;
  }

  get will(): Will | undefined {
    return this.#will;
  }

  set will(will: Will | undefined) {
    if (this.#will === will) return;
    this.#will = will;
    this.charge();
  }

  /** Has what outlives the connection counted for `owner`: by default for the one it counts for. */
  charge(owner: string | undefined = this.owner): void {
    const { holdings } = this.tally, before = this.#charge;
    if (before !== undefined) holdings.add(before.owner, -before.sessions, -before.bytes);
    this.#charge = undefined;
    const sessions = this.expirySeconds > 0 ? 1 : 0, bytes = willBytes(this.#will);
    if (owner === undefined || sessions + bytes === 0) return;
    holdings.add(owner, sessions, bytes);
    this.#charge = { owner, sessions, bytes };
  }

  /** Whom what outlives the connection counts for; undefined when nothing does. */
  get owner(): string | undefined {
    return this.#charge?.owner;
  }

  /** By filter, those that are shared included. */
  get subscriptions(): ReadonlyMap<string, Subscription> {
    return this.#subscriptions ??= new Map();
  }

  /** True when there is room for one more subscription. */
  hasRoomFor(filter: string, limits: MqttLimits): boolean {
    const { tally } = this, bytes = filterBytes(filter);
    return this.subscriptions.size < limits.maxSubscriptions &&
      tally.subscriptions < limits.maxTotalSubscriptions &&
      this.#subscriptionBytes + bytes <= limits.maxSubscriptionBytes &&
      tally.subscriptionBytes + bytes <= limits.maxTotalSubscriptionBytes;
  }

  /** Adds or replaces a subscription. */
  follow(filter: string, subscription: Subscription): void {
    const all = this.#subscriptions ??= new Map(), { size } = all;
    if (all.set(filter, subscription).size > size) this.#count(1, filterBytes(filter));
  }

  /** Removes a subscription; false when there is none. */
  unfollow(filter: string): boolean {
    if (this.#subscriptions?.delete(filter) !== true) return false;
    this.#count(-1, -filterBytes(filter));
    return true;
  }

  #count(subscriptions: number, bytes: number): void {
    this.#subscriptionBytes += bytes;
    this.tally.subscriptions += subscriptions;
    this.tally.subscriptionBytes += bytes;
  }

  /** True when it has subscriptions. */
  get isFollowing(): boolean {
    return this.#subscriptions !== undefined && this.#subscriptions.size > 0;
  }

  /** The shared subscriptions of which this client is a member. */
  get groups(): Set<Group> | undefined {
    return this.#groups;
  }

  /** Messages of QoS 1 and 2 that were sent and are not acknowledged. */
  get inflight(): Inflight {
    return this.#inflight ??= new Inflight(this.tally);
  }

  /** Messages of QoS 1 and 2 not yet sent. */
  get queue(): Queue {
    return this.#queue ??= new Queue(this.tally);
  }

  /** Packet identifiers of QoS 2 messages that we have and the client has not released (PUBREL). */
  get received(): Set<number> {
    return this.#received ??= new Set();
  }

  /** How many messages were sent and are not acknowledged. */
  get unsettled(): number {
    return this.#inflight === undefined ? 0 : this.#inflight.size;
  }

  /** How many messages wait. */
  get queued(): number {
    return this.#queue === undefined ? 0 : this.#queue.size;
  }

  /** How much this client still has to do: what waits for it, and what it has not acknowledged. */
  get load(): number {
    return this.queued + this.unsettled + (this.inbox?.waiting ?? 0);
  }

  deliver(delivery: Delivery, from?: Publisher): boolean {
    const { log } = this;
    if (log === undefined || delivery.qos === 0 || delivery instanceof StoredDelivery) {
      return this.#accept(delivery, from);
    }
    if (log.journal.failing) {
      log.journal.refuse();
      return this.#lost(delivery);
    }
    const stored = log.entered(delivery);
    if (this.inbox === undefined) return this.#shelve(stored, log);
    const accepted = this.#accept(stored, from);
    if (accepted) log.keep(stored);
    return accepted;
  }

  #shelve(delivery: StoredDelivery, log: SessionLog): boolean {
    const { queue, limits } = this;
    if (!queue.makeRoom(delivery, limits, 0)) return this.#lost(delivery);
    queue.shelve(delivery, log, limits);
    return true;
  }

  #accept(delivery: Delivery, from?: Publisher): boolean {
    if (this.inbox === undefined) return this.keep(delivery);
    return this.take(delivery, from) || this.#lost(delivery);
  }

  /** Hands a delivery to the connection; false when there is none, or no room. */
  take(delivery: Delivery, from?: Publisher): boolean {
    const { inbox } = this;
    if (inbox === undefined) return false;
    if (delivery.qos === 0) return inbox.deliver(delivery, from);
    // The publisher is told that this was accepted, so there must be room when it is looked at.
    if (this.queued + this.#mail >= this.limits.maxQueuedMessages / 2 || this.queued > 0) {
      const room = Math.max(0, this.window - this.unsettled) - this.#mail;
      if (!this.queue.makeRoom(delivery, this.limits, room)) return this.#refuse(inbox);
    }
    if (!inbox.deliver(delivery, from)) return false;
    this.#mail++;
    return true;
  }

  /** Queues a delivery for a client that is away; false when there is no room. */
  keep(delivery: Delivery): boolean {
    // QoS 0 need not be stored for a client that is away (MQTT 5.0 §4.1): that is no overload.
    return delivery.qos === 0 || this.queue.offer(delivery, this.limits) || this.#lost(delivery);
  }

  /** The connection has taken a delivery of QoS 1 or 2 out of its mailbox. */
  opened(): void {
    if (this.#mail > 0) this.#mail--;
  }

  /** Gives the session to a connection, or to none. */
  move(inbox: Inbox | undefined): void {
    this.inbox = inbox;
    this.#mail = 0;
    this.window = 0;
  }

  join(group: Group): void {
    (this.#groups ??= new Set()).add(group);
  }

  leave(group: Group): void {
    this.#groups?.delete(group);
    if (this.#groups?.size === 0) this.#groups = undefined;
  }

  /** Prepares for a long wait: nothing that stays shares its memory with passing messages. */
  settle(): void {
    const { inflight } = this;
    for (const each of inflight.inOrder()) each.delivery = outliving(each.delivery);
    if (inflight.size === 0) this.#inflight = undefined;
    if (this.queued === 0) this.#queue = undefined;
    if (this.#received?.size === 0) this.#received = undefined;
  }

  /** Forgets everything but the connections that wait for it. */
  reset(): void {
    this.present = false;
    this.epoch++;
    this.identity = undefined;
    this.log?.end();
    this.log = undefined;
    this.expirySeconds = 0;
    this.expiresAt = this.willAt = Infinity;
    this.#will = undefined;
    this.charge();
    this.#queue?.clear();
    this.#inflight?.clear();
    this.#count(-(this.#subscriptions?.size ?? 0), -this.#subscriptionBytes);
    this.#subscriptions = this.#groups = undefined;
    this.#inflight = this.#queue = this.#received = undefined;
  }

  #refuse(inbox: Inbox): false {
    if (this.limits.queuePolicy === "disconnect") inbox.post(OVERFLOW);
    return false;
  }

  #lost(delivery: Delivery): false {
    // Lost messages of QoS 0 are counted by the connection.
    if (delivery.qos > 0) this.tally.lose("mqtt.dropped");
    settle(delivery);
    return false;
  }
}
