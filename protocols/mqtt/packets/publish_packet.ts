import { copy } from "../../bytes.ts";
import type { Delivery, Encoder, Publication } from "../../publication.ts";
import { bodyStart, MAX_REMAINING, varintBytes, writeVarint } from "./frame.ts";
import type { Version } from "./packet.ts";
import { writeProperties } from "./properties.ts";
import { Writer } from "./writer.ts";

const encoder = new TextEncoder();
const nothing = new Uint8Array(0);
/** The property length of an MQTT 5 PUBLISH that has no properties. */
const noProperties = new Uint8Array(1);

// Most packets fit into 4 KiB. They are made here, and a copy in a slab costs less than an array.
const scratch = new Uint8Array(4096);
// The bytes of the latest topic, because publishers repeat their topics.
const topicBytes = new Uint8Array(0xffff);
let latestTopic = "";
let latestLength = 0;

/** PUBLISH of QoS 0 for MQTT 3.1 and 3.1.1; empty when the topic is too long. */
export function encodePublish311Qos0(publication: Publication): Uint8Array {
  return assemble(publication, 0, nothing);
}

/** PUBLISH of QoS 1 or 2 for MQTT 3.1 and 3.1.1, with room for a packet identifier. */
export function encodePublish311Qos12(publication: Publication): Uint8Array {
  return assemble(publication, 2, nothing);
}

/** PUBLISH of QoS 0 for MQTT 5; empty when a field is too long. */
export function encodePublish5Qos0(publication: Publication): Uint8Array {
  return assemble(publication, 0, propertiesOf(publication, undefined));
}

/** PUBLISH of QoS 1 or 2 for MQTT 5, with room for a packet identifier. */
export function encodePublish5Qos12(publication: Publication): Uint8Array {
  return assemble(publication, 2, propertiesOf(publication, undefined));
}

/**
 * The PUBLISH that brings `delivery` to one subscriber; empty when a field is too long for MQTT.
 * All subscribers share the array, and each one's flags, identifier and expiry are written into it:
 * it must be sent before the next call.
 */
export function publishPacket(
  delivery: Delivery,
  version: Version,
  { packetId, dup, now }: { packetId: number; dup: boolean; now: number },
): Uint8Array {
  const { publication, qos, retain } = delivery;
  const bytes = template(delivery, version);
  if (bytes.length === 0) return bytes;
  bytes[0] = 0x30 | (dup ? 8 : 0) | qos << 1 | (retain ? 1 : 0);
  const expiry = version === 5 ? publication.properties?.expirySeconds : undefined;
  if (qos === 0 && expiry === undefined) return bytes;
  let at = bodyStart(bytes, 0);
  at += 2 + (bytes[at]! << 8 | bytes[at + 1]!);
  if (qos > 0) {
    bytes[at++] = packetId >> 8;
    bytes[at++] = packetId;
  }
  if (expiry !== undefined) {
    // [MQTT-3.3.2-6]: the time that is left. It is the first property, behind their length.
    const left = Math.max(0, expiry - Math.floor((now - publication.time) / 1000));
    while (bytes[at++]! >= 0x80);
    bytes[at + 1] = left >>> 24;
    bytes[at + 2] = left >>> 16;
    bytes[at + 3] = left >>> 8;
    bytes[at + 4] = left;
  }
  return bytes;
}

function template({ publication, qos, retain, ids }: Delivery, version: Version): Uint8Array {
  if (version === 5 && ids !== undefined) {
    return assemble(publication, qos === 0 ? 0 : 2, propertiesOf(publication, ids));
  }
  const encode = encoderFor(version, qos);
  // A stored message must not keep the bytes of every version that somebody once asked for.
  return retain ? encode(publication) : publication.encode(encode);
}

function encoderFor(version: Version, qos: number): Encoder {
  if (version === 5) return qos === 0 ? encodePublish5Qos0 : encodePublish5Qos12;
  return qos === 0 ? encodePublish311Qos0 : encodePublish311Qos12;
}

/** The properties with their length in front; undefined when one is too long. */
function propertiesOf(
  { contentType, properties }: Publication,
  ids: readonly number[] | undefined,
): Uint8Array | undefined {
  if (contentType === undefined && properties === undefined && ids === undefined) {
    return noProperties;
  }
  const writer = new Writer();
  writeProperties(writer, {
    messageExpiry: properties?.expirySeconds,
    payloadFormat: properties?.payloadFormat,
    contentType,
    responseTopic: properties?.responseTopic,
    correlationData: properties?.correlationData,
    subscriptionIds: ids as number[] | undefined,
    userProperties: properties?.userProperties,
  });
  return writer.tooLong ? undefined : writer.view;
}

function assemble(
  { topic, payload, retain }: Publication,
  idBytes: 0 | 2,
  properties: Uint8Array | undefined,
): Uint8Array {
  if (topic !== latestTopic) {
    const { read, written } = encoder.encodeInto(topic, topicBytes);
    latestTopic = read < topic.length ? "" : topic;
    latestLength = written;
    if (latestTopic === "") return nothing;
  }
  if (properties === undefined) return nothing;
  const topicLength = latestLength;
  const body = 2 + topicLength + idBytes + properties.length + payload.length;
  if (body > MAX_REMAINING) return nothing;
  const length = 1 + varintBytes(body) + body;
  const out = length <= scratch.length ? scratch : new Uint8Array(length);
  out[0] = 0x30;
  let at = writeVarint(out, 1, body);
  out[at++] = topicLength >> 8;
  out[at++] = topicLength;
  for (let i = 0; i < topicLength; i++) out[at + i] = topicBytes[i]!;
  at += topicLength + idBytes;
  if (properties.length === 1) out[at++] = 0;
  else if (properties.length > 1) {
    out.set(properties, at);
    at += properties.length;
  }
  out.set(payload, at);
  if (out !== scratch) return out;
  // A retained message stays for long, and must not keep a slab alive.
  return retain ? scratch.slice(0, length) : copy(scratch.subarray(0, length));
}
