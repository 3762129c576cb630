import type { MessageProperties } from "../../publication.ts";
import { attachedBytes, Publication } from "../../publication.ts";
import { ProtocolError } from "../../session.ts";
import type { Will } from "../packets/packet.ts";
import type { Properties } from "../packets/property.ts";
import { Reason } from "../packets/reason.ts";

/** Those properties of a packet that travel with the message, copied where they are views. */
export function messageProperties(properties: Properties): MessageProperties | undefined {
  const { payloadFormat, messageExpiry, responseTopic, correlationData, userProperties } =
    properties;
  if (responseTopic !== undefined && /^$|[+#]/.test(responseTopic)) {
    // [MQTT-3.3.2-14]
    throw new ProtocolError(
      "Cannot take this response topic: it must be a topic without wildcards",
      Reason.protocolError,
    );
  }
  if (
    payloadFormat === undefined && messageExpiry === undefined && responseTopic === undefined &&
    correlationData === undefined && userProperties === undefined
  ) return undefined;
  return {
    payloadFormat: payloadFormat as 0 | 1 | undefined,
    expirySeconds: messageExpiry,
    responseTopic,
    correlationData: correlationData?.slice(),
    userProperties,
  };
}

/** True when a message has outlived its Message Expiry Interval (MQTT 5.0 §3.3.2.3.3). */
export function isExpired({ properties, time }: Publication, now: number): boolean {
  const seconds = properties?.expirySeconds;
  return seconds !== undefined && now - time >= seconds * 1000;
}

/** The message that a will says to publish. */
export function willPublication(will: Will, origin: unknown, now: number): Publication {
  const { topic, payload, qos, retain, properties } = will;
  return new Publication(topic, payload, {
    qos,
    retain,
    time: now,
    contentType: properties?.contentType,
    properties: properties && messageProperties(properties),
    origin,
  });
}

/** What a will takes while it waits, in bytes. */
export function willBytes(will: Will | undefined): number {
  if (will === undefined) return 0;
  const { topic, payload, properties } = will;
  const { contentType } = properties ?? {};
  return topic.length + payload.length + attachedBytes({ contentType, properties });
}

/** The will that publishes `publication`, after the delay of the one that it replaces. */
export function willOf(publication: Publication, before: Pick<Will, "properties">): Will {
  const { topic, payload, qos, retain, contentType, properties } = publication;
  return {
    topic,
    payload: payload.slice(),
    qos,
    retain,
    properties: {
      willDelay: before.properties?.willDelay,
      payloadFormat: properties?.payloadFormat,
      messageExpiry: properties?.expirySeconds,
      contentType,
      responseTopic: properties?.responseTopic,
      correlationData: properties?.correlationData,
      userProperties: properties?.userProperties,
    },
  };
}
