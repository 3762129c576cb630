import type { Delivery } from "../publication.ts";
import { ProtocolError } from "../session.ts";
import { TopicAliases } from "./alias.ts";
import type { Client } from "./broker/client.ts";
import { SharedDelivery } from "./broker/group.ts";
import { MAX_ID, type Unsettled } from "./broker/inflight.ts";
import { isExpired } from "./broker/message.ts";
import { outliving } from "./broker/outliving.ts";
import { type SessionLog, settle, StoredDelivery } from "./broker/session_log.ts";
import type { Link } from "./link.ts";
import { PacketType } from "./packets/packet.ts";
import { publishPacket } from "./packets/publish_packet.ts";
import { Reason } from "./packets/reason.ts";
import { Retained } from "./retained.ts";

/** 1,000 messages that wait for a connected client make publishers wait: a tenth of its queue. */
const CONGESTED_MESSAGES = 1000;

/**
 * Beyond 256 messages in flight each gets memory of its own: those of a slow client could otherwise
 * keep as many slabs alive, each with thousands of other messages.
 */
const SHARING_MESSAGES = 256;

/** Messages sent to one client before others have a turn: as for `TURN_PACKETS` of the session. */
const TURN_MESSAGES = 256;

/** Packet identifiers are from 1 to 65535, of which `Inflight` needs one to be free. */
const MAX_WINDOW = 65_534;

const NONE: Unsettled[] = [];

/** Sends messages to a client: the sender's half of QoS 0, 1 and 2 (MQTT 5.0 §4.3). */
export class Outgoing {
  #retained: Retained | undefined = undefined;
  #aliases: TopicAliases | undefined = undefined;
  /**
   * To be sent again: what the last connection left unacknowledged, newest first [MQTT-4.4.0-1].
   */
  #again = NONE;
  /** PUBLISH packets sent on this connection that are not acknowledged (MQTT 5.0 §4.9). */
  #counted = 0;
  /** The most that `#counted` may be. */
  readonly #window: number;
  /** Publishers wait while more messages than this wait for the client. */
  readonly #mark: number;
  /** True while other actors have a turn before more is sent. */
  #resting = false;

  constructor(readonly link: Link, readonly client: Client) {
    const { maxInflight, maxQueuedMessages, topicAliasMaximum } = link.limits;
    this.#window = Math.min(link.receiveMaximum, maxInflight, MAX_WINDOW);
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

  /** True when every message has been sent and acknowledged. */
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

  /** Sends what waits, as far as the client has room for it. */
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

  /** Lets other actors have a turn before more is sent; false when the mailbox takes no signal. */
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

  /** The next message that waits: first for any member of a group, then for this client alone. */
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
    // It comes twice, or is for a session that was discarded: nothing is to be done.
    if (unsettled === undefined) return;
    if ((unsettled.delivery.qos === 2) !== (qos === 2)) throw wrongAck(unsettled);
    this.#remove(unsettled, now);
  }

  /** PUBREC: the client has received the message, or refuses it. */
  received({ packetId, reason }: { packetId: number; reason: number }, now: number): void {
    const unsettled = this.client.inflight.get(packetId);
    if (unsettled === undefined) {
      // With this answer the client can forget the message [MQTT-4.3.3-4].
      this.link.acknowledge(PacketType.pubrel, packetId, Reason.packetIdNotFound);
      return;
    }
    const { delivery } = unsettled;
    if (delivery.qos !== 2) throw wrongAck(unsettled);
    if (reason >= 0x80) return this.#remove(unsettled, now);
    unsettled.received = true;
    // After PUBREL the client forgets the message, so it must not be sent again after a restart.
    if (delivery instanceof StoredDelivery) delivery.journal?.received(delivery.entry);
    this.link.acknowledge(PacketType.pubrel, packetId, Reason.success);
  }

  #remove(unsettled: Unsettled, now: number): void {
    this.client.inflight.remove(unsettled);
    settle(unsettled.delivery);
    if (unsettled.counted) this.#counted--;
    // It was acknowledged before it could be sent again.
    else this.#again = this.#again.filter((each) => each !== unsettled);
    this.pump(now);
  }

  #hasRoom(): boolean {
    if (this.#counted >= this.#window || this.link.wire.full || this.link.closed) return false;
    // What former connections left at PUBREL is not counted, and still has its identifier.
    if (this.#again.length === 0 && this.client.unsettled >= MAX_ID) return false;
    // When all clients together have too much under way, each still gets one message at a time.
    return this.#counted === 0 ||
      this.client.tally.inflightBytes < this.link.limits.maxTotalInflightBytes;
  }

  #begin(delivery: Delivery, now: number): void {
    const { log, inflight } = this.client;
    if (log !== undefined) delivery = stored(delivery, log);
    const unsettled = inflight.add(delivery);
    // After a restart a message of QoS 2 must have the same identifier, or its client takes it
    // twice.
    if (delivery.qos === 2 && delivery instanceof StoredDelivery) {
      if (delivery instanceof SharedDelivery) settle(delivery);
      else delivery.journal?.sent(delivery.entry, unsettled.packetId);
    }
    unsettled.counted = true;
    this.#counted++;
    if (!this.#send(delivery, unsettled.packetId, false, now)) return this.#abandon(unsettled);
    if (this.client.inflight.size > SHARING_MESSAGES) unsettled.delivery = outliving(delivery);
  }

  /** A message that is too large for its client counts as sent [MQTT-3.1.2-25]. */
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

  /** False when the message is too large for the client, which will never take it then. */
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

/**
 * The delivery with an entry in the journal, which a retained message, for example, has not yet.
 */
function stored(delivery: Delivery, log: SessionLog): Delivery {
  const isShared = delivery instanceof SharedDelivery;
  // A shared message of QoS 2 belongs to the member that it was sent to [MQTT-4.8.2-5].
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
