import type { Journal, MessageRecord, SessionRecord } from "../journal.ts";
import type { Delivery } from "../publication.ts";
import type { Hub, Subscription } from "../session.ts";
import { Broker } from "./broker.ts";
import { Client } from "./client.ts";
import { Group } from "./group.ts";
import type { MqttLimits } from "./limits.ts";
import { willOf } from "./message.ts";
import { SessionLog, StoredDelivery } from "./session_log.ts";
import { followed } from "./permission.ts";
import { isShared } from "./shares.ts";
import { plainSubscription } from "./subscribe.ts";

const NEVER = 0xffff_ffff;

/** A session as it was written down. */
export interface Resumed {
  readonly record: SessionRecord;
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  /** Packet identifiers of QoS 2 messages that the client has not released. */
  readonly ids: readonly number[];
  /** True while the messages that waited for it are still to come. */
  readonly loading: boolean;
}

/** Goes on with a session after a restart: for its client, the connection was lost at `now`. */
export function resumeSession(
  hub: Hub,
  { record, subscriptions, ids, loading }: Resumed,
  { journal, limits, now }: { journal: Journal; limits: MqttLimits; now: number },
): Client {
  const broker = hub.shared(Broker), { name, identity, expirySeconds, will } = record;
  const client = new Client(name, limits, broker);
  client.log = new SessionLog(journal, record.key, identity);
  client.user = identity?.user;
  client.expirySeconds = expirySeconds;
  // A clock that was set back must not give a session more time than it has.
  const latest = expirySeconds === NEVER ? Infinity : now + expirySeconds * 1000;
  client.expiresAt = Math.min(record.expiresAt ?? Infinity, latest);
  if (will !== undefined) {
    client.will = willOf(will, { properties: { willDelay: record.willDelaySeconds } });
    client.willAt = Math.min(record.willAt ?? Infinity, now + record.willDelaySeconds * 1000);
  }
  for (const id of ids) client.received.add(id);
  client.loading = loading;
  for (const [filter, given] of subscriptions) {
    const screen = identity && hub.guard?.screen(followed(filter) ?? filter, identity);
    const isPlain = given.id === undefined && screen === undefined;
    const subscription = isPlain ? plainSubscription(given) : { ...given, screen };
    client.subscriptions.set(filter, subscription);
    client.tally.subscriptions++;
    if (isShared(filter)) broker.shares.subscribe(filter, subscription, client, hub);
    else hub.subscribe(filter, subscription, client);
  }
  broker.resume(client);
  return client;
}

/** Puts the messages that waited before a restart where they were. */
export function resumeMessages(
  owner: Client | Group,
  messages: readonly MessageRecord[],
  journal: Journal,
): void {
  const waiting: Delivery[] = [];
  if (owner instanceof Group) {
    for (const { number, delivery } of messages) {
      waiting.push(new StoredDelivery(delivery.publication, delivery, journal, number));
    }
    return owner.restore(waiting);
  }
  const client = owner;
  for (const { number, delivery, packetId, received } of messages) {
    const stored = new StoredDelivery(delivery.publication, delivery, journal, number);
    if (packetId === undefined) waiting.push(stored);
    else client.inflight.restore(packetId, stored).received = received;
  }
  if (waiting.length > 0) client.queue.restore(waiting, client.limits);
}
