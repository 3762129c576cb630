import type { Journal, MessageRecord, SessionRecord } from "../../journal.ts";
import { ownerOf } from "../../owner.ts";
import type { Hub, Subscription } from "../../session.ts";
import type { MqttLimits } from "../limits.ts";
import { plainSubscription } from "../subscribe.ts";
import type { Page } from "./backlog.ts";
import { Broker, NEVER } from "./broker.ts";
import { Client } from "./client.ts";
import { Group } from "./group.ts";
import { willOf } from "./message.ts";
import { SessionLog, storedFrom } from "./session_log.ts";
import { isShared } from "./shares.ts";

/** A session as it was stored. */
interface Resumed {
  readonly record: SessionRecord;
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  /** Packet identifiers of QoS 2 messages that the client has not released. */
  readonly ids: readonly number[];
  /** True while its stored messages are still to be loaded. */
  readonly loading: boolean;
}

/** Takes up a session after a restart. To its client, the connection was lost at `now`. */
export function resumeSession(
  hub: Hub,
  { record, subscriptions, ids, loading }: Resumed,
  { journal, limits, now }: { journal: Journal; limits: MqttLimits; now: number },
): Client {
  const broker = hub.shared(Broker), { name, identity, expirySeconds, will } = record;
  const client = new Client(name, limits, broker);
  client.log = new SessionLog(journal, record.key, identity);
  client.identity = identity;
  client.expirySeconds = expirySeconds;
  // When the clock was set back, a session must not get more time than its expiry interval.
  const latest = expirySeconds === NEVER ? Infinity : now + expirySeconds * 1000;
  client.expiresAt = Math.min(record.expiresAt ?? Infinity, latest);
  if (will !== undefined) {
    client.will = willOf(will, { properties: { willDelay: record.willDelaySeconds } });
    client.willAt = Math.min(record.willAt ?? Infinity, now + record.willDelaySeconds * 1000);
  }
  client.charge(ownerOf(identity ?? hub.identity));
  for (const id of ids) client.received.add(id);
  client.loading = loading;
  for (const [filter, given] of subscriptions) {
    const screen = identity && hub.guard?.screenRestored(identity);
    const isPlain = given.id === undefined && screen === undefined;
    const subscription = isPlain ? plainSubscription(given) : { ...given, screen };
    client.follow(filter, subscription);
    if (isShared(filter)) broker.shares.subscribe(filter, subscription, client, hub);
    else hub.subscribe(filter, subscription, client);
  }
  broker.resume(client);
  return client;
}

/** Messages that were stored together, to be read when the first of them is next to be sent. */
export interface WrittenPage {
  /** How many of them were not sent before the restart, and the bytes that they count for. */
  readonly size: number;
  readonly bytes: number;
  readonly sent: readonly MessageRecord[];
  /** Reads those that were not sent. */
  read(): readonly MessageRecord[];
}

/** Gives a session, or a group, the messages back that it had before a restart. */
export class Return {
  readonly #pages: Page[] = [];

  constructor(readonly owner: Client | Group, readonly journal: Journal) {}

  /** Adds the next page of them. */
  add({ sent, size, bytes, read }: WrittenPage): void {
    const { owner, journal } = this;
    const deliveryOf = (record: MessageRecord) => storedFrom(record, journal);
    if (owner instanceof Client) {
      for (const each of sent) {
        owner.inflight.restore(each.packetId!, deliveryOf(each)).received = each.received;
      }
    }
    if (size > 0) this.#pages.push({ size, bytes, read: () => read().map(deliveryOf) });
  }

  /** All pages have been added. */
  end(): void {
    const { owner } = this;
    if (owner instanceof Group) owner.restore(this.#pages);
    else if (this.#pages.length > 0) owner.queue.follow(this.#pages, owner.limits);
  }
}
