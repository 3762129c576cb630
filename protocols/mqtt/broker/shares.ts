import type { Journal } from "../../journal.ts";
import type { Hub, Subscription } from "../../session.ts";
import type { Client } from "./client.ts";
import { Group, SharedDelivery } from "./group.ts";
import { SessionLog } from "./session_log.ts";
import type { Tally } from "./tally.ts";

const PREFIX = "$share/";

/** True for the filter of a shared subscription, valid or not. */
export function isShared(filter: string): boolean {
  return filter.startsWith(PREFIX);
}

/**
 * The filter in `$share/name/filter`, or undefined when the name is missing or has wildcards
 * [MQTT-4.8.2-1] [MQTT-4.8.2-2].
 */
export function sharedFilter(shared: string): string | undefined {
  const end = shared.indexOf("/", PREFIX.length);
  const name = shared.slice(PREFIX.length, end);
  return end <= PREFIX.length || /[+#]/.test(name) ? undefined : shared.slice(end + 1);
}

/** The shared subscriptions of a gateway. */
export class Shares {
  readonly #groups = new Map<string, Group>();
  /** The keys of groups that were stored before a restart and have no members yet. */
  #keys: Map<string, number> | undefined = undefined;

  constructor(readonly tally: Tally) {}

  get size(): number {
    return this.#groups.size;
  }

  /** Makes a client a member of the group that `shared` names. */
  subscribe(shared: string, subscription: Subscription, client: Client, hub: Hub): void {
    let group = this.#groups.get(shared);
    if (group === undefined) {
      this.#groups.set(shared, group = new Group(shared, client.limits, this.tally));
    }
    group.add(client, subscription);
    if (client.log !== undefined) group.log ??= this.#logOf(shared, client.log.journal);
    hub.subscribe(sharedFilter(shared)!, group.subscription, group);
  }

  /** Notes the key of a group that was stored before a restart, for when its members come. */
  resume(shared: string, key: number): void {
    (this.#keys ??= new Map()).set(shared, key);
  }

  /** The group of this name, if it has members. */
  group(shared: string): Group | undefined {
    return this.#groups.get(shared);
  }

  #logOf(shared: string, journal: Journal): SessionLog {
    const known = this.#keys?.get(shared), key = known ?? journal.take();
    this.#keys?.delete(shared);
    if (known === undefined) journal.saveGroup(key, shared);
    return new SessionLog(journal, key, undefined);
  }

  /** Ends a client's membership in the group that `shared` names. */
  unsubscribe(shared: string, client: Client, hub: Hub): void {
    const group = this.#groups.get(shared);
    if (group === undefined) return;
    this.#remove(client, group, hub);
    if (!group.isEmpty) hub.subscribe(sharedFilter(shared)!, group.subscription, group);
  }

  /** Ends all memberships of a client whose session ends. */
  forget(client: Client, hub: Pick<Hub, "forget">): void {
    for (const group of client.groups ?? []) this.#remove(client, group, hub);
  }

  #remove(client: Client, group: Group, hub: Pick<Hub, "forget">): void {
    group.remove(client);
    if (!group.isEmpty) return;
    hub.forget(group);
    this.#groups.delete(group.name);
  }
}

/**
 * Takes from a client without a connection the messages of its groups that it did not acknowledge.
 * A message of QoS 2 that was sent stays, because no other member may get it [MQTT-4.8.2-4]
 * [MQTT-4.8.2-5].
 */
export function surrender(client: Client): SharedDelivery[] {
  const found: SharedDelivery[] = [];
  if (client.unsettled > 0) {
    for (const each of client.inflight.inOrder()) {
      const { delivery } = each;
      if (!(delivery instanceof SharedDelivery) || delivery.qos !== 1) continue;
      client.inflight.remove(each);
      found.push(delivery);
    }
  }
  if (client.queued > 0) {
    const waiting = client.queue.extract((each) => each instanceof SharedDelivery);
    found.push(...waiting as SharedDelivery[]);
  }
  return found;
}
