import type { Refusal } from "../identity.ts";
import type { Subscription } from "../session.ts";
import { faultOfFilter } from "../topic.ts";
import type { Client } from "./client.ts";
import type { Link } from "./link.ts";
import type { FilterRequest, Subscribe, Unsubscribe } from "./packet.ts";
import { reasonOf, withoutShare } from "./permission.ts";
import { Reason } from "./reason.ts";
import type { Retained } from "./retained.ts";

/** What SUBSCRIBE and UNSUBSCRIBE change. */
export interface Subscriber {
  readonly link: Link;
  readonly client: Client;
  readonly retained: Retained;
}

/** Answers SUBSCRIBE (MQTT 5.0 §3.8.4). Stored messages are ready to be pumped afterwards. */
export function subscribe(
  subscriber: Subscriber,
  packet: Subscribe,
  /** Those that hooks have refused, in the order of the filters. */
  refusals: readonly (Refusal | undefined)[] = [],
): void {
  const { link } = subscriber;
  const id = packet.properties?.subscriptionIds?.[0];
  const reasons = packet.filters.map((request, index) => {
    const refusal = refusals[index];
    const reason = refusal ? reasonOf(refusal) : subscribeOne(subscriber, request, id);
    return reason >= 0x80 && link.version !== 5 ? 0x80 : reason;
  });
  link.send({ type: "suback", packetId: packet.packetId, reasons, properties: undefined });
}

function subscribeOne(
  { link, client, retained }: Subscriber,
  request: FilterRequest,
  id: number | undefined,
): number {
  const { filter, qos, noLocal, retainAsPublished, retainHandling } = request;
  if (faultOfFilter(filter, link.limits.maxTopicLevels)) return Reason.topicFilterInvalid;
  if (filter.startsWith("$share/")) return Reason.sharedSubscriptionsNotSupported;
  const isNew = !client.subscriptions.has(filter);
  if (isNew && client.subscriptions.size >= link.limits.maxSubscriptions) {
    return Reason.quotaExceeded;
  }
  const { guard, identity } = link.hub;
  const screen = guard?.screen(withoutShare(filter), identity);
  const subscription: Subscription = { qos, noLocal, retainAsPublished, id, screen };
  client.subscriptions.set(filter, subscription);
  link.hub.subscribe(filter, subscription, client);
  if (retainHandling === 0 || (retainHandling === 1 && isNew)) retained.add(filter, subscription);
  guard?.subscribed(identity, filter, qos);
  return qos;
}

/** Answers UNSUBSCRIBE (MQTT 5.0 §3.10.4). */
export function unsubscribe({ link, client, retained }: Subscriber, packet: Unsubscribe): void {
  const reasons = packet.filters.map((filter) => {
    if (!client.subscriptions.delete(filter)) return Reason.noSubscriptionExisted;
    link.hub.unsubscribe(filter, client);
    retained.remove(filter);
    return Reason.success;
  });
  link.send({ type: "unsuback", packetId: packet.packetId, reasons, properties: undefined });
}
