import { isUtf8 } from "node:buffer";
import { copy } from "../bytes.ts";
import { Refusal } from "../identity.ts";
import { Publication } from "../publication.ts";
import { type Outcome, ProtocolError } from "../session.ts";
import type { Client } from "./broker/client.ts";
import { messageProperties } from "./broker/message.ts";
import type { Link } from "./link.ts";
import { bodyStart } from "./packets/frame.ts";
import { PacketType } from "./packets/packet.ts";
import {
  encodePublish311Qos0,
  encodePublish311Qos12,
  encodePublish5Qos0,
  encodePublish5Qos12,
} from "./packets/publish_packet.ts";
import { PublishReader } from "./packets/publish_reader.ts";
import { Reason } from "./packets/reason.ts";
import { reasonOf as refusalReason } from "./permission.ts";

// All connections share it, because nothing looks at it after the turn that read it.
const packet = new PublishReader();

/** Takes messages from a client: the receiver's half of QoS 0, 1 and 2 (MQTT 5.0 §4.3). */
export class Incoming {
  /** The client's topic aliases, which end with the connection (MQTT 5.0 §3.3.2.3.4). */
  #aliases: Map<number, string> | undefined = undefined;

  constructor(readonly link: Link, readonly client: Client) {}

  /** Takes the PUBLISH that `bytes` hold from `at` to `end`. */
  publish(bytes: Uint8Array, { at, end, now }: { at: number; end: number; now: number }): void {
    const { link } = this;
    packet.read(bytes, at, end, link.version, link.limits.maxTopicLevels);
    const { qos, packetId } = packet;
    const topic = packet.properties === undefined ? packet.topic : this.#resolve();
    if (topic === "") {
      throw new ProtocolError(
        "Cannot publish to an empty topic without an alias",
        Reason.protocolError,
      );
    }
    if (link.stopping) return;
    if (qos === 2 && !this.#isFirst(packetId)) return;
    if (link.limits.checkPayloadFormat && !isAsSaid(bytes, end)) return this.#misfit(qos, packetId);
    const publication = this.#publication(bytes, { at, end, now }, topic), { guard } = link.hub;
    if (guard === undefined) return this.#route(publication, qos, packetId);
    link.ask<Publication | Refusal>(
      (decided) => guard.publish(publication, link.hub.identity, decided),
      (answer) => {
        if (answer instanceof Refusal) this.#refuse(answer, qos, packetId);
        else this.#route(answer, qos, packetId);
      },
    );
  }

  /** Publishes, and acknowledges with what became of it. */
  #route(publication: Publication, qos: number, packetId: number): void {
    const { link } = this, outcome = link.hub.publish(publication);
    if (outcome === "closing") return link.stop();
    if (qos === 0) return;
    this.#acknowledge(reasonOf(outcome), qos, packetId);
  }

  /** Hooks have refused the message [MQTT-3.3.5-2]. */
  #refuse(refusal: Refusal, qos: number, packetId: number): void {
    const { link } = this;
    link.hub.count("mqtt.refused");
    if (link.version !== 5) return link.close();
    const reason = refusalReason(refusal);
    if (qos === 0) return;
    if (!link.wantsReasons) return this.#acknowledge(reason, qos, packetId);
    const type = qos === 1 ? "puback" : "pubrec", properties = { reasonString: refusal.reason };
    // [MQTT-3.4.2-2], [MQTT-3.5.2-2]: the text is the first thing to go.
    if (!link.send({ type, packetId, reason, properties })) {
      this.#acknowledge(reason, qos, packetId);
    }
  }

  #acknowledge(reason: number, qos: number, packetId: number): void {
    const { link, client } = this;
    // Before MQTT 5 an acknowledgement can only say success.
    if (reason >= 0x80 && link.version !== 5) return link.close();
    if (qos === 1) return link.acknowledge(PacketType.puback, packetId, reason);
    if (reason < 0x80) {
      client.received.add(packetId);
      client.log?.journal.saveId(client.log.key, packetId);
    }
    link.acknowledge(PacketType.pubrec, packetId, reason);
  }

  /** The payload is said to be UTF-8 and is not (MQTT 5.0 §3.3.2.3.2). */
  #misfit(qos: number, packetId: number): void {
    const { link } = this, reason = Reason.payloadFormatInvalid;
    if (qos === 0) {
      throw new ProtocolError(
        "Cannot take this payload: it is said to be UTF-8 and is not",
        reason,
      );
    }
    link.acknowledge(qos === 1 ? PacketType.puback : PacketType.pubrec, packetId, reason);
  }

  /** PUBREL: the client will not send this message again. */
  release(packetId: number): void {
    const { client: { received, log } } = this, known = received.delete(packetId);
    if (known) log?.journal.endId(log.key, packetId);
    else log?.journal.touch();
    this.link.acknowledge(
      PacketType.pubcomp,
      packetId,
      known ? Reason.success : Reason.packetIdNotFound,
    );
  }

  /** False for a message that was published already, which is only acknowledged [MQTT-4.3.3-10]. */
  #isFirst(packetId: number): boolean {
    const { link, client: { received } } = this;
    if (received.has(packetId)) {
      this.client.log?.journal.touch();
      link.acknowledge(PacketType.pubrec, packetId, Reason.success);
      return false;
    }
    if (link.version === 5 && received.size >= link.limits.receiveMaximum) {
      // [MQTT-3.3.4-7]
      throw new ProtocolError(
        `Cannot take more than ${link.limits.receiveMaximum} messages of QoS 2 at a time`,
        Reason.receiveMaximumExceeded,
      );
    }
    return true;
  }

  /** The topic of a packet with properties: by its alias, where it has no name. "" for none. */
  #resolve(): string {
    const { properties, topic } = packet;
    if (properties!.subscriptionIds !== undefined) {
      // [MQTT-3.3.4-6]
      throw new ProtocolError(
        "Cannot take a subscription identifier from a client",
        Reason.protocolError,
      );
    }
    const alias = properties!.topicAlias;
    if (alias === undefined) return topic;
    const maximum = this.link.limits.topicAliasMaximum;
    if (alias === 0 || alias > maximum) {
      // [MQTT-3.3.2-8], [MQTT-3.3.2-9]
      throw new ProtocolError(
        `Cannot use topic alias ${alias}: it must be from 1 to ${maximum}`,
        Reason.topicAliasInvalid,
      );
    }
    if (topic === "") return this.#aliases?.get(alias) ?? "";
    (this.#aliases ??= new Map()).set(alias, topic);
    return topic;
  }

  #publication(
    bytes: Uint8Array,
    { at, end, now }: { at: number; end: number; now: number },
    topic: string,
  ): Publication {
    const { qos, retain, properties, payloadAt } = packet;
    const { version } = this.link;
    // Without properties, and with a remaining length of as few bytes as possible, the packet is
    // what subscribers get, but for flags and identifier: so it is copied whole, and need not be
    // encoded.
    const body = bodyStart(bytes, at);
    const isCanonical = properties === undefined && (bytes[body - 1] !== 0 || body === at + 2);
    const from = isCanonical ? at : payloadAt;
    // A copy, because the input is overwritten after this turn.
    const own = copy(bytes.subarray(from, end));
    const payload = isCanonical ? own.subarray(payloadAt - from) : own;
    const publication = new Publication(topic, payload, {
      qos,
      retain,
      time: now,
      contentType: properties?.contentType,
      properties: properties && messageProperties(properties),
      origin: this.client,
    });
    if (isCanonical) {
      if (version === 5) {
        publication.seed(qos === 0 ? encodePublish5Qos0 : encodePublish5Qos12, own);
      } else publication.seed(qos === 0 ? encodePublish311Qos0 : encodePublish311Qos12, own);
    }
    return publication;
  }
}

function isAsSaid(bytes: Uint8Array, end: number): boolean {
  return packet.properties?.payloadFormat !== 1 || isUtf8(bytes.subarray(packet.payloadAt, end));
}

function reasonOf(outcome: Outcome): number {
  if (outcome === "accepted") return Reason.success;
  if (outcome === "reserved") return Reason.notAuthorized;
  return outcome === "unmatched" ? Reason.noMatchingSubscribers : Reason.quotaExceeded;
}
