import type { Access, Guard, Screen } from "./guard.ts";
import type { Identity, Refusal } from "./identity.ts";
import type { Health, Journal } from "./journal.ts";
import type { Delivery, Publication, Qos } from "./publication.ts";
import type { Traffic } from "./traffic.ts";

/**
 * Something that makes publishers wait, such as a receiver above its high-water mark.
 *
 * @example Open again
 * ```ts
 * import type { Gate, Publisher } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const waiting = new Set<Publisher>();
 * const gate: Gate = { wait: (publisher) => void waiting.add(publisher) };
 * const publisher: Publisher = {
 *   hold: (by) => by.wait(publisher),
 *   release: () => void waiting.delete(publisher),
 * };
 * publisher.hold(gate);
 * assert.equal(waiting.size, 1);
 * for (const each of waiting) each.release(gate);
 * assert.equal(waiting.size, 0);
 * ```
 */
export interface Gate {
  /** Calls `publisher.release(this)` once the gate opens. */
  wait(publisher: Publisher): void;
}

/**
 * A publisher that can be made to wait. It goes on once every gate that holds it has released it.
 *
 * @example Counting the gates
 * ```ts
 * import type { Gate, Publisher } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * class Tap implements Publisher {
 *   readonly #closed = new Set<Gate>();
 *   hold = (gate: Gate): void => void this.#closed.add(gate);
 *   release = (gate: Gate): void => void this.#closed.delete(gate);
 *   get flows(): boolean {
 *     return this.#closed.size === 0;
 *   }
 * }
 *
 * const tap = new Tap(), gate: Gate = { wait() {} };
 * tap.hold(gate);
 * assert.equal(tap.flows, false);
 * ```
 */
export interface Publisher {
  /** Stops reading input until `release` has been called for this gate. */
  hold(gate: Gate): void;
  /** This gate is open again. */
  release(gate: Gate): void;
}

/**
 * Where deliveries go.
 *
 * @example One that has room for ten
 * ```ts
 * import { Delivery, Publication, type Receiver } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const queue: Delivery[] = [];
 * const receiver: Receiver = {
 *   name: "ten",
 *   deliver: (delivery) => queue.length < 10 && queue.push(delivery) > 0,
 * };
 * const publication = new Publication("a", new Uint8Array());
 * assert.equal(receiver.deliver(new Delivery(publication, 0, false, undefined)), true);
 * ```
 */
export interface Receiver {
  /** Its name in logs. */
  readonly name: string;
  /**
   * Queues a delivery; false when it was dropped because of overload. A receiver that falls behind
   * makes `from` wait. Must not throw.
   */
  deliver(delivery: Delivery, from?: Publisher): boolean;
}

/**
 * A session's own mailbox.
 *
 * @example Saying something to a session from elsewhere
 * ```ts
 * import type { Inbox } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const REFRESH = Symbol("refresh");
 * function refresh(sessions: Iterable<Pick<Inbox, "post">>): number {
 *   return [...sessions].filter((session) => session.post(REFRESH)).length;
 * }
 *
 * assert.equal(refresh([{ post: () => true }, { post: () => false }]), 1);
 * ```
 */
export interface Inbox extends Receiver {
  /** Deliveries and signals that the session has not seen yet. */
  readonly waiting?: number;
  /** True while this receiver is behind: publishers wait for it, or have gone on without it. */
  readonly behind?: boolean;
  /**
   * Passes `signal` to the session's method `signal`, in a turn of its own and after every delivery
   * queued before. Sessions call a function that they get there. False when the session is gone.
   * May be called from any actor.
   */
  post(signal: unknown): boolean;
}

/**
 * What a subscription asks for besides its filter (MQTT 5.0 §3.8.3.1).
 *
 * @example At least once, and never one's own
 * ```ts
 * import type { Hub, Subscription } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const chat: Subscription = { qos: 1, noLocal: true };
 * function join(hub: Pick<Hub, "subscribe">, room: string): boolean {
 *   return hub.subscribe(`chat/${room}`, chat);
 * }
 *
 * const rooms = new Map<string, Subscription>();
 * join({ subscribe: (filter, wish) => rooms.set(filter, wish).size > 0 }, "lobby");
 * assert.equal(rooms.get("chat/lobby")?.noLocal, true);
 * ```
 */
export interface Subscription {
  /** The highest QoS of its deliveries (MQTT 5.0 §3.8.4). */
  qos: Qos;
  /** MQTT 5: this receiver's own messages are not sent back to it. */
  noLocal?: boolean;
  /** MQTT 5: deliver with the retain flag that the publisher set. */
  retainAsPublished?: boolean;
  /** MQTT 5 subscription identifier. */
  id?: number;
  /** Holds back what the subscriber may not see; undefined when it may see all of it. */
  screen?: Screen | undefined;
}

/**
 * What became of a publication:
 * - `accepted`: at least one receiver has queued it, or it was stored.
 * - `unmatched`: nobody subscribes to its topic.
 * - `overloaded`: every subscriber dropped it, or there is no room to store it.
 * - `closing`: the gateway is shutting down and takes nothing more.
 * - `reserved`: only the gateway itself publishes to this topic, such as `$SYS/…`.
 *
 * @example The status of an HTTP answer
 * ```ts
 * import { gateway, type Outcome } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function statusOf(outcome: Outcome): number {
 *   return outcome === "overloaded" || outcome === "closing" ? 503 : 204;
 * }
 *
 * await using hub = gateway();
 * assert.equal(statusOf(hub.publish("a", "1")), 204);
 * ```
 */
export type Outcome = "accepted" | "unmatched" | "overloaded" | "closing" | "reserved";

/**
 * The other clients, as a session sees them.
 *
 * @example Telling others who is there
 * ```ts
 * import { type Hub, Publication } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function announce(hub: Pick<Hub, "publish" | "count">, name: string): void {
 *   const here = new TextEncoder().encode("here");
 *   const outcome = hub.publish(new Publication(`clients/${name}`, here, { retain: true }));
 *   if (outcome === "overloaded") hub.count("clients.unannounced");
 * }
 *
 * const counted: string[] = [];
 * announce({ publish: () => "overloaded", count: (event) => counted.push(event) }, "sensor-7");
 * assert.deepEqual(counted, ["clients.unannounced"]);
 * ```
 */
export interface Hub {
  /** This session's own mailbox. */
  readonly self: Inbox;
  /** The client that this session acts for. */
  readonly identity: Identity;
  /** Sets which client this session acts for from now on. */
  identify(identity: Identity): void;
  /** Asked before anything is done; undefined without hooks, when everybody may do everything. */
  readonly guard: Guard | undefined;
  /** The counters of all sessions together. */
  readonly traffic: Traffic;
  /** @ignore */
  readonly journal?: Journal | undefined;
  /** @ignore */
  health?(): Health;
  /**
   * Routes a publication and, if it is marked `retain`, stores or clears the topic's value.
   * Afterwards `wire.paused` may be true: a receiver is behind, and the session must read no more.
   */
  publish(publication: Publication, owner?: string): Outcome;
  /**
   * Finds out whether somebody may still do what he asked for earlier, in nobody's turn in
   * particular; undefined when he may. Absent where nobody is asked.
   */
  authorize?(access: Access, decided: (refusal: Refusal | undefined) => void): void;
  /** Adds or replaces a subscription; true when it is new. Default receiver: `self`. */
  subscribe(filter: string, subscription: Subscription, receiver?: Receiver): boolean;
  /** Removes a subscription; true when there was one. */
  unsubscribe(filter: string, receiver?: Receiver): boolean;
  /** Removes all subscriptions of a receiver. For `self` this happens when the session ends. */
  forget(receiver: Receiver): void;
  /** The stored value of a topic, if there is one. */
  retained(topic: string): Publication | undefined;
  /**
   * The stored values that a filter selects and the screen of `subscription` lets through, read as
   * they are asked for and in no particular order. Default receiver: `self`.
   */
  retainedMatching(
    filter: string,
    subscription?: Subscription,
    receiver?: Receiver,
  ): IterableIterator<Publication | undefined>;
  /**
   * What was published to the topics that a filter selects, oldest first; undefined where no past is
   * kept.
   */
  history?(
    filter: string,
    question: { since: number; limit: number },
    subscription?: Subscription,
    receiver?: Receiver,
  ): readonly Publication[] | undefined;
  /**
   * The gateway's only instance of a class, made when it is first asked for. The gateway ticks one
   * that is a `Timed`.
   */
  shared<T>(kind: new () => T): T;
  /** Counts something that an operator may ask about, such as `mqtt.dropped`. */
  count(event: string, amount?: number): void;
}

/**
 * State that `Hub.shared` keeps beyond single connections and that has deadlines, such as sessions
 * that expire and wills that fall due.
 *
 * @example A table that forgets
 * ```ts
 * import type { Timed } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * class Visits implements Timed {
 *   readonly #until = new Map<string, number>();
 *   get deadline(): number {
 *     return Math.min(...this.#until.values());
 *   }
 *   note = (name: string, now: number): void => void this.#until.set(name, now + 60_000);
 *   tick(now: number): void {
 *     for (const [name, until] of this.#until) if (until <= now) this.#until.delete(name);
 *   }
 * }
 *
 * const visits = new Visits();
 * visits.note("sensor-7", 0);
 * visits.tick(60_000);
 * assert.equal(visits.deadline, Infinity);
 * ```
 */
export interface Timed {
  /** When `tick` is due, in milliseconds since 1970; Infinity for never. Read once a second. */
  readonly deadline: number;
  /** The deadline has come. */
  tick(now: number, hub: Hub): void;
}
