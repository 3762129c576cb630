import { readSince } from "../history.ts";
import type { Refusal } from "../identity.ts";
import type { Qos } from "../publication.ts";
import type { Period } from "../replay.ts";
import { type Hub, ProtocolError, type Subscription } from "../session.ts";
import { faultOfFilter } from "../topic.ts";
import { Broker } from "./broker/broker.ts";
import type { Client } from "./broker/client.ts";
import { isShared, sharedFilter } from "./broker/shares.ts";
import type { MqttLimits } from "./limits.ts";
import type { Link } from "./link.ts";
import type { FilterRequest, Subscribe, Unsubscribe } from "./packets/packet.ts";
import { Reason } from "./packets/reason.ts";
import { followed, reasonOf } from "./permission.ts";
import type { Retained } from "./retained.ts";

/** What SUBSCRIBE and UNSUBSCRIBE change. */
interface Subscriber {
  readonly link: Link;
  readonly client: Client;
  readonly retained: Retained;
}

/** Answers SUBSCRIBE (MQTT 5.0 §3.8.4). Stored messages are sent by the next `Outgoing.pump`. */
export function subscribe(
  subscriber: Subscriber,
  packet: Subscribe,
  now: number,
  /** The refusals of hooks, each at the place of its filter. */
  refusals: readonly (Refusal | undefined)[] = [],
): void {
  const { link } = subscriber;
  for (const { filter, noLocal } of packet.filters) {
    if (!noLocal || !isShared(filter)) continue;
    // [MQTT-3.8.3-4]
    throw new ProtocolError(
      "Cannot share a subscription with No Local: leave one of the two out",
      Reason.protocolError,
    );
  }
  const id = packet.properties?.subscriptionIds?.[0];
  const period = periodOf(packet, now);
  const reasons = packet.filters.map((request, index) => {
    const refusal = refusals[index];
    const reason = refusal ? reasonOf(refusal) : subscribeOne(subscriber, request, { id, period });
    return reason >= 0x80 && link.version !== 5 ? 0x80 : reason;
  });
  const { packetId } = packet;
  const refusal = refusals.find((each) => each !== undefined);
  const why = link.version === 5 && link.wantsReasons
    ? refusal?.reason ?? faultOf(packet, reasons, link)
    : undefined;
  const properties = why === undefined ? undefined : { reasonString: why };
  // [MQTT-3.9.2-1]: the text is the first thing to go.
  if (!link.send({ type: "suback", packetId, reasons, properties }) && properties !== undefined) {
    link.send({ type: "suback", packetId, reasons, properties: undefined });
  }
}

/** Which past a client wants, for which MQTT has no word: the user property `since`. */
function periodOf({ properties }: Subscribe, now: number): Period | undefined {
  const found = properties?.userProperties?.find(([name]) => name === "since");
  const since = found && readSince(found[1], now);
  return since === undefined ? undefined : { since, until: now };
}

/** What is wrong with the first filter that was refused. */
function faultOf(packet: Subscribe, reasons: number[], { limits }: Link): string | undefined {
  const at = reasons.findIndex((reason) => reason >= 0x80);
  if (at < 0) return undefined;
  const { filter } = packet.filters[at]!;
  switch (reasons[at]) {
    case Reason.quotaExceeded:
      return `Cannot take more subscriptions: the limit is ${limits.maxSubscriptions} for each ` +
        `client, or ${limits.maxSubscriptionBytes} bytes, and ${limits.maxTotalSubscriptions} for all`;
    case Reason.wildcardsNotSupported:
      return "Cannot subscribe with wildcards: this server does not allow them";
  }
  const plain = isShared(filter) ? sharedFilter(filter) : filter;
  if (plain === undefined) return "Cannot share this: write $share/, a name, / and a filter";
  return faultOfFilter(plain, limits.maxTopicLevels) ??
    `Cannot take more than ${limits.maxWildcardLevels} levels of wildcards in a filter`;
}

/**
 * The subscriptions without identifier and screen: clients share them, as there are only twelve.
 */
const plain: readonly Subscription[] = Array.from({ length: 16 }, (_, wish) => ({
  qos: (wish & 3) as Qos,
  noLocal: (wish & 4) !== 0,
  retainAsPublished: (wish & 8) !== 0,
  id: undefined,
  screen: undefined,
}));

/** The shared one of these with the same options. */
export function plainSubscription({ qos, noLocal, retainAsPublished }: Subscription): Subscription {
  return plain[qos | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0)]!;
}

function subscribeOne(
  { link, client, retained }: Subscriber,
  request: FilterRequest,
  { id, period }: { id: number | undefined; period: Period | undefined },
): number {
  const { filter, qos, noLocal, retainAsPublished, retainHandling } = request;
  const { hub, limits } = link;
  const fault = faultOfRequest(filter, limits);
  if (fault !== undefined) return fault;
  const isNew = !client.subscriptions.has(filter);
  if (isNew && !client.hasRoomFor(filter, limits)) return Reason.quotaExceeded;
  if (isNew && isShared(filter) && (client.groups?.size ?? 0) >= limits.maxSharedSubscriptions) {
    return Reason.quotaExceeded;
  }
  const { guard, identity } = hub, screen = guard?.screen(followed(filter)!, identity);
  const subscription = id === undefined && screen === undefined
    ? plainSubscription(request)
    : { qos, noLocal, retainAsPublished, id, screen };
  client.follow(filter, subscription);
  client.log?.journal.saveSubscription(client.log.key, filter, subscription);
  // No retained messages are sent for a shared subscription (MQTT 5.0 §4.8.2).
  if (isShared(filter)) {
    hub.shared(Broker).shares.subscribe(filter, subscription, client, hub);
    guard?.subscribed(identity, filter, qos);
    return qos;
  }
  hub.subscribe(filter, subscription, client);
  guard?.subscribed(identity, filter, qos);
  if (period !== undefined || retainHandling === 0 || (retainHandling === 1 && isNew)) {
    retained.add(filter, subscription, period);
  }
  return qos;
}

/** Ends subscriptions that were refused, and screens the others for who the client is now. */
export function screenAnew(client: Client, hub: Hub, refused: readonly string[]): void {
  for (const filter of refused) endSubscription(client, filter, hub);
  for (const [filter, given] of client.subscriptions) {
    const screen = hub.guard?.screen(followed(filter)!, hub.identity);
    if (screen === undefined) continue;
    const subscription = { ...given, screen };
    client.follow(filter, subscription);
    if (isShared(filter)) hub.shared(Broker).shares.subscribe(filter, subscription, client, hub);
    else hub.subscribe(filter, subscription, client);
  }
}

/** The reason why nobody may subscribe to `request`, or undefined. */
function faultOfRequest(request: string, limits: MqttLimits): number | undefined {
  const filter = isShared(request) ? sharedFilter(request) : request;
  if (filter === undefined || faultOfFilter(filter, limits.maxTopicLevels) !== undefined) {
    return Reason.topicFilterInvalid;
  }
  const wildcards = filter.match(/[+#]/g)?.length ?? 0;
  if (wildcards <= limits.maxWildcardLevels) return undefined;
  return limits.maxWildcardLevels === 0 ? Reason.wildcardsNotSupported : Reason.topicFilterInvalid;
}

/** Answers UNSUBSCRIBE (MQTT 5.0 §3.10.4). */
export function unsubscribe({ link, client, retained }: Subscriber, packet: Unsubscribe): void {
  const reasons = packet.filters.map((filter) => {
    if (!endSubscription(client, filter, link.hub)) return Reason.noSubscriptionExisted;
    retained.remove(filter);
    return Reason.success;
  });
  link.send({ type: "unsuback", packetId: packet.packetId, reasons, properties: undefined });
}

/** Ends a subscription; false when there is none. */
function endSubscription(client: Client, filter: string, hub: Hub): boolean {
  const { log } = client;
  if (!client.unfollow(filter)) return false;
  log?.journal.endSubscription(log.key, filter);
  if (isShared(filter)) hub.shared(Broker).shares.unsubscribe(filter, client, hub);
  else hub.unsubscribe(filter, client);
  return true;
}
