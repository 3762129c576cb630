import type { UpstreamMessage } from "../bridge/upstream.ts";
import type { PublishPacket, PublishProperties } from "./npm_mqtt.d.ts";

/** A received packet as we know messages. */
export function messageOf(packet: PublishPacket): UpstreamMessage {
  const { topic, payload, qos, retain, messageId, properties } = packet;
  return {
    topic,
    // As plain bytes: a Buffer's `slice` copies nothing.
    payload: bytesOf(payload),
    qos,
    retain,
    packetId: qos === 2 ? messageId : undefined,
    contentType: properties?.contentType,
    properties: properties && {
      payloadFormat: formatOf(properties.payloadFormatIndicator),
      expirySeconds: properties.messageExpiryInterval,
      responseTopic: properties.responseTopic,
      correlationData: properties.correlationData && bytesOf(properties.correlationData),
      userProperties: pairsOf(properties.userProperties),
    },
  };
}

function formatOf(isText: boolean | undefined): 0 | 1 | undefined {
  if (isText === undefined) return undefined;
  return isText ? 1 : 0;
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The MQTT 5 properties of a message, as npm:mqtt writes them. */
export function packetProperties(message: UpstreamMessage): PublishProperties | undefined {
  const { contentType, properties } = message;
  if (contentType === undefined && properties === undefined) return undefined;
  const written: PublishProperties = {};
  if (contentType !== undefined) written.contentType = contentType;
  if (properties === undefined) return written;
  const { payloadFormat, expirySeconds, responseTopic, correlationData, userProperties } =
    properties;
  if (payloadFormat !== undefined) written.payloadFormatIndicator = payloadFormat === 1;
  if (expirySeconds !== undefined) written.messageExpiryInterval = expirySeconds;
  if (responseTopic !== undefined) written.responseTopic = responseTopic;
  if (correlationData !== undefined) written.correlationData = correlationData;
  if (userProperties !== undefined) written.userProperties = recordOf(userProperties);
  return written;
}

function pairsOf(
  record: PublishProperties["userProperties"],
): (readonly [string, string])[] | undefined {
  if (record === undefined) return undefined;
  return Object.entries(record).flatMap(([name, value]) =>
    typeof value === "string"
      ? [[name, value] as const]
      : value.map((each) => [name, each] as const)
  );
}

/** Pairs of names and values as a record, in which a name that occurs more than once has a list. */
function recordOf(
  pairs: readonly (readonly [string, string])[],
): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of pairs) {
    const there = record[name];
    if (there === undefined) record[name] = value;
    else if (typeof there === "string") record[name] = [there, value];
    else there.push(value);
  }
  return record;
}
