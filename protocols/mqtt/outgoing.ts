import type { Delivery } from "../publication.ts";
import { ProtocolError } from "../session.ts";
import { TopicAliases } from "./alias.ts";
import type { Client } from "./client.ts";
import { SharedDelivery } from "./group.ts";
import type { Unsettled } from "./inflight.ts";
import type { Link } from "./link.ts";
import { isExpired } from "./message.ts";
import { PacketType } from "./packet.ts";
import { publishPacket } from "./publish_packet.ts";
import { outliving } from "./outliving.ts";
import { Reason } from "./reason.ts";
import { Retained } from "./retained.ts";
import { type SessionLog, settle, StoredDelivery } from "./session_log.ts";

/** Publishers wait while more than this many messages wait for a client that is there. */
const CONGESTED_MESSAGES = 1000;

/** Messages in flight above which each gets its own memory: a page has room for thousands of others. */
const PAGED_MESSAGES = 256;

/** Messages sent at once to a client that has room for all: as for `TURN_PACKETS`. */
const TURN_MESSAGES = 256;

const NONE: Unsettled[] = [];

/** Messages on their way to a client: the sender's half of QoS 0, 1 and 2 (MQTT 5.0 §4.3). */
export class Outgoing {
  #retained: Retained | undefined = undefined;
  #aliases: TopicAliases | undefined = undefined;
  /** What a former connection left unsettled, latest first [MQTT-4.4.0-1]. */
  #again = NONE;
  /** PUBLISH packets sent on this connection and not settled (MQTT 5.0 §4.9). */
  #counted = 0;
  readonly #window: number;
  readonly #mark: number;
  /** True while others have a turn before more is sent. */
  #resting = false;

  constructor(readonly link: Link, readonly client: Client) {
    const { maxInflight, maxQueuedMessages, topicAliasMaximum } = link.limits;
    this.#window = Math.min(link.receiveMaximum, maxInflight, 65_534);
    this.#mark = Math.min(maxQueuedMessages / 2, CONGESTED_MESSAGES);
    client.window = this.#window;
    const aliases = Math.min(link.topicAliasMaximum, topicAliasMaximum);
    if (aliases > 0) this.#aliases = new TopicAliases(aliases);
    if (client.unsettled === 0) return;
    this.#again = client.inflight.inOrder().reverse();
    for (const each of this.#again) each.counted = false;
  }

  /** Stored messages that are still to be sent. */
  get retained(): Retained {
    return this.#retained ??= new Retained(this.link, this.client);
  }

  /** True while publishers should wait. */
  get congested(): boolean {
    return this.client.queued > this.#mark;
  }

  /** True when nothing that was promised is outstanding. */
  get isSettled(): boolean {
    return this.client.unsettled === 0 && this.client.queued === 0;
  }

  deliver(delivery: Delivery, now: number): void {
    if (delivery.qos === 0) {
      if (!isExpired(delivery.publication, now)) this.#send(delivery, 0, false, now);
    } else if (this.#again.length === 0 && this.client.queued === 0 && this.#hasRoom()) {
      this.#begin(delivery, now);
    } else {
      this.client.queue.push(delivery, this.link.limits);
    }
  }

  /** Sends what waits, as far as the client takes it. */
  pump(now: number): void {
    if (this.#resting) return;
    while (this.#again.length > 0 && this.#hasRoom()) this.#repeat(this.#again.pop()!, now);
    for (let left = TURN_MESSAGES; this.#again.length === 0 && this.#hasRoom(); left--) {
      if (left === 0 && this.#rest()) return;
      const delivery = this.#next();
      if (delivery === undefined) break;
      if (isExpired(delivery.publication, now)) {
        settle(delivery);
        continue;
      }
      if (delivery.qos === 0) this.#send(delivery, 0, false, now);
      else this.#begin(delivery, now);
    }
    if (this.#retained !== undefined) this.#pumpRetained(this.#retained, now);
  }

  /** Lets others have a turn before the next message; false when that cannot be. */
  #rest(): boolean {
    return this.#resting = this.link.hub.self.post((now: number) => {
      this.#resting = false;
      this.#retained?.rested();
      this.pump(now);
    });
  }

  #pumpRetained(retained: Retained, now: number): void {
    while (!this.link.wire.full && !this.link.closed) {
      const hasRoom = this.#again.length === 0 && this.client.queued === 0 && this.#hasRoom();
      const delivery = retained.next(hasRoom, now);
      if (delivery === undefined) {
        if (!retained.isTired || this.#rest()) return;
        retained.rested();
      } else if (delivery.qos === 0) this.#send(delivery, 0, false, now);
      else this.#begin(delivery, now);
    }
  }

  /** What waits longest: for any member of a group, then for this client alone. */
  #next(): Delivery | undefined {
    const { client } = this;
    if (client.groups !== undefined) {
      for (const group of client.groups) {
        const delivery = group.next(client);
        if (delivery !== undefined) return delivery;
      }
    }
    return client.queued === 0 ? undefined : client.queue.shift();
  }

  /** PUBACK, or PUBCOMP: the message has arrived. */
  settle(packetId: number, qos: 1 | 2, now: number): void {
    const unsettled = this.client.inflight.get(packetId);
    // Late, or for a session that was discarded: nothing to do (MQTT 5.0 §4.3).
    if (unsettled === undefined) return;
    if ((unsettled.delivery.qos === 2) !== (qos === 2)) throw wrongAck(unsettled);
    this.#remove(unsettled, now);
  }

  /** PUBREC: the client owns the message, or refuses it. */
  received({ packetId, reason }: { packetId: number; reason: number }, now: number): void {
    const unsettled = this.client.inflight.get(packetId);
    if (unsettled === undefined) {
      // The answer lets the client free its side [MQTT-4.3.3-4].
      this.link.acknowledge(PacketType.pubrel, packetId, Reason.packetIdNotFound);
      return;
    }
    const { delivery } = unsettled;
    if (delivery.qos !== 2) throw wrongAck(unsettled);
    if (reason >= 0x80) return this.#remove(unsettled, now);
    unsettled.received = true;
    // Its client forgets the message with PUBREL, so a restart must not send it again.
    if (delivery instanceof StoredDelivery) delivery.journal?.received(delivery.entry);
    this.link.acknowledge(PacketType.pubrel, packetId, Reason.success);
  }

  #remove(unsettled: Unsettled, now: number): void {
    this.client.inflight.remove(unsettled);
    settle(unsettled.delivery);
    if (unsettled.counted) this.#counted--;
    // Settled before its turn to be sent again came.
    else this.#again = this.#again.filter((each) => each !== unsettled);
    this.pump(now);
  }

  #hasRoom(): boolean {
    if (this.#counted >= this.#window || this.link.wire.full || this.link.closed) return false;
    // When all clients together have too much under way, each has one message: nobody comes to a halt.
    return this.#counted === 0 ||
      this.client.tally.inflightBytes < this.link.limits.maxTotalInflightBytes;
  }

  #begin(delivery: Delivery, now: number): void {
    const { log, inflight } = this.client;
    if (log !== undefined) delivery = stored(delivery, log);
    const unsettled = inflight.add(delivery);
    // A restart must send a message of QoS 2 by the same identifier, or its client takes it twice.
    if (delivery.qos === 2 && delivery instanceof StoredDelivery) {
      if (delivery instanceof SharedDelivery) settle(delivery);
      else delivery.journal?.sent(delivery.entry, unsettled.packetId);
    }
    unsettled.counted = true;
    this.#counted++;
    if (!this.#send(delivery, unsettled.packetId, false, now)) return this.#abandon(unsettled);
    if (this.client.inflight.size > PAGED_MESSAGES) unsettled.delivery = outliving(delivery);
  }

  /** [MQTT-3.1.2-25]: what the client cannot take counts as sent. */
  #abandon(unsettled: Unsettled): void {
    this.client.inflight.remove(unsettled);
    settle(unsettled.delivery);
    this.#counted--;
  }

  #repeat(unsettled: Unsettled, now: number): void {
    const { packetId, delivery } = unsettled;
    if (unsettled.received) {
      this.link.acknowledge(PacketType.pubrel, packetId, Reason.success);
      return;
    }
    unsettled.counted = true;
    this.#counted++;
    // [MQTT-3.3.1-1]
    if (!this.#send(delivery, packetId, true, now)) this.#abandon(unsettled);
  }

  /** False when the client cannot take this message: it never will. */
  #send(delivery: Delivery, packetId: number, dup: boolean, now: number): boolean {
    const { link } = this;
    const bytes = publishPacket(delivery, link.version, { packetId, dup, now });
    if (bytes.length === 0 || bytes.length > link.maxPacketBytes) {
      link.hub.count("mqtt.dropped");
      return false;
    }
    link.traffic.publishSent++;
    link.traffic.publishBytesSent += delivery.publication.payload.length;
    if (this.#aliases === undefined) link.sendBytes(bytes);
    else {
      const { topic } = delivery.publication;
      link.sendBytes(this.#aliases.shorten(bytes, topic, link.maxPacketBytes));
    }
    return true;
  }
}

/** What is sent for the first time here has not been written down yet: a stored value, mostly. */
function stored(delivery: Delivery, log: SessionLog): Delivery {
  const isShared = delivery instanceof SharedDelivery;
  // What one of a group has been sent of QoS 2 is its own [MQTT-4.8.2-5].
  if (isShared ? delivery.qos === 1 : delivery instanceof StoredDelivery) return delivery;
  const own = log.entered(delivery);
  log.keep(own);
  settle(delivery);
  return own;
}

function wrongAck({ packetId, delivery }: Unsettled): ProtocolError {
  return new ProtocolError(
    `Cannot take this acknowledgement of packet ${packetId}: its QoS is ${delivery.qos}`,
    Reason.protocolError,
  );
}
