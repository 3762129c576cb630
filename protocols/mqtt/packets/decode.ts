import { Reader } from "../../bytes.ts";
import { ProtocolError } from "../../session.ts";
import { decodeConnect } from "./decode_connect.ts";
import { readFilters, readRequests } from "./decode_subscribe.ts";
import { readPacketId } from "./fields.ts";
import { bodyStart, packetEnd } from "./frame.ts";
import {
  type Ack,
  type Connack,
  type Packet,
  PacketType,
  type Publish,
  type Version,
} from "./packet.ts";
import { readProperties } from "./properties.ts";
import type { Properties } from "./property.ts";
import { PublishReader } from "./publish_reader.ts";
import { allowsReason, malformed, Reason } from "./reason.ts";

const ackNames: Record<number, Ack["type"]> = {
  [PacketType.puback]: "puback",
  [PacketType.pubrec]: "pubrec",
  [PacketType.pubrel]: "pubrel",
  [PacketType.pubcomp]: "pubcomp",
};

/**
 * Reads the packet with which `bytes` begin, from either side; undefined while it is not whole.
 * Binary values are views of `bytes`.
 */
export function decode(
  bytes: Uint8Array,
  version: Version,
  maxPacketBytes: number,
): [Packet, length: number] | undefined {
  if (bytes.length < 2) return undefined;
  const end = packetEnd(bytes, 0, version, maxPacketBytes);
  if (end < 0 || end > bytes.length) return undefined;
  return [decodePacket(bytes, 0, end, version), end];
}

/** Reads the packet that `bytes` hold from `at` to `end`. CONNECT says its version itself. */
export function decodePacket(
  bytes: Uint8Array,
  at: number,
  end: number,
  version: Version,
): Packet {
  const first = bytes[at]!, type = first >> 4;
  if (type === PacketType.publish) return decodePublish(bytes, at, end, version);
  checkFlags(type, first & 15, version);
  const reader = new Reader(bytes.subarray(bodyStart(bytes, at), end), Reason.malformedPacket);
  const packet = decodeBody(reader, type, version);
  if (reader.left > 0) {
    throw malformed(`Cannot take a packet with ${reader.left} bytes too many`);
  }
  return packet;
}

/** Throws unless the lower half of a packet's first byte is what its type requires. */
function checkFlags(type: number, flags: number, version: Version): void {
  const wanted = type === PacketType.pubrel || type === PacketType.subscribe ||
      type === PacketType.unsubscribe
    ? 2
    : 0;
  // MQTT 3.1 sets the duplicate flag when it sends one of these packets again.
  const relevant = version === 3 && wanted === 2 ? flags & ~8 : flags;
  if (type === 0 || (type === PacketType.auth && version !== 5)) {
    throw malformed(`Cannot take a packet of type ${type}: there is none in this version`);
  }
  if (relevant !== wanted) {
    // [MQTT-2.1.3-1]
    throw malformed(`Cannot take flags ${flags} on a packet of type ${type}: only ${wanted}`);
  }
}

function decodeBody(reader: Reader, type: number, version: Version): Packet {
  switch (type) {
    case PacketType.connect:
      return decodeConnect(reader);
    case PacketType.connack:
      return decodeConnack(reader, version);
    case PacketType.subscribe:
      return {
        type: "subscribe",
        ...readHead(reader, type, version),
        filters: readRequests(reader, version),
      };
    case PacketType.suback:
      return {
        type: "suback",
        ...readHead(reader, type, version),
        reasons: readReasons(reader, type, version),
      };
    case PacketType.unsubscribe:
      return {
        type: "unsubscribe",
        ...readHead(reader, type, version),
        filters: readFilters(reader),
      };
    case PacketType.unsuback:
      return {
        type: "unsuback",
        ...readHead(reader, type, version),
        reasons: readReasons(reader, type, version),
      };
    case PacketType.pingreq:
      return { type: "pingreq" };
    case PacketType.pingresp:
      return { type: "pingresp" };
    case PacketType.disconnect:
      return { type: "disconnect", ...readOutcome(reader, type, version) };
    case PacketType.auth:
      return { type: "auth", ...readOutcome(reader, type, version) };
    default:
      return {
        type: ackNames[type]!,
        packetId: readPacketId(reader),
        ...readOutcome(reader, type, version),
      };
  }
}

function decodeConnack(reader: Reader, version: Version): Connack {
  const flags = reader.u8(), reason = reader.u8();
  // [MQTT-3.2.2-1]
  if (flags > 1) throw malformed("Cannot take this CONNACK: its reserved flags must be 0");
  if (version === 5) checkReason(PacketType.connack, reason);
  const properties = version === 5 ? readProperties(reader, PacketType.connack) : undefined;
  return { type: "connack", sessionPresent: flags === 1, reason, properties };
}

function decodePublish(bytes: Uint8Array, at: number, end: number, version: Version): Publish {
  const reader = new PublishReader();
  reader.read(bytes, at, end, version, Infinity);
  const { topic, qos, retain, dup, packetId, properties, payloadAt } = reader;
  const payload = bytes.subarray(payloadAt, end);
  return { type: "publish", topic, payload, qos, retain, dup, packetId, properties };
}

interface Head {
  packetId: number;
  properties: Properties | undefined;
}

function readHead(reader: Reader, type: number, version: Version): Head {
  const packetId = readPacketId(reader);
  return { packetId, properties: version === 5 ? readProperties(reader, type) : undefined };
}

/** A reason and properties, both of which MQTT 5 lets a sender leave out (MQTT 5.0 §3.4.2.1). */
function readOutcome(
  reader: Reader,
  type: number,
  version: Version,
): { reason: number; properties: Properties | undefined } {
  if (version !== 5 || reader.left === 0) return { reason: 0, properties: undefined };
  const reason = reader.u8();
  checkReason(type, reason);
  return { reason, properties: reader.left > 0 ? readProperties(reader, type) : undefined };
}

function readReasons(reader: Reader, type: number, version: Version): number[] {
  if (version !== 5 && type === PacketType.unsuback) return [];
  const reasons = [...reader.take(reader.left)];
  for (const reason of reasons) {
    if (version === 5) checkReason(type, reason);
    // [MQTT-3.9.3-2] of 3.1.1
    else if (reason > 2 && reason !== 0x80) throw malformed(`Cannot take return code ${reason}`);
  }
  return reasons;
}

function checkReason(type: number, reason: number): void {
  if (allowsReason(type, reason)) return;
  throw new ProtocolError(
    `Cannot take reason code 0x${reason.toString(16)} on a packet of type ${type}`,
    Reason.protocolError,
  );
}
