import { MAX_REMAINING, varintBytes, writeVarint } from "./frame.ts";
import {
  type Ack,
  type Connect,
  type Packet,
  PacketType,
  type Publish,
  type Subscribe,
  type Version,
} from "./packet.ts";
import { writeProperties } from "./properties.ts";
import type { Properties } from "./property.ts";
import { Writer } from "./writer.ts";

/** The bytes of any packet; undefined when a field is longer than MQTT allows. */
export function encode(packet: Packet, version: Version): Uint8Array | undefined {
  const writer = new Writer();
  const type = PacketType[packet.type];
  const flags = encodeBody(writer, packet, type, version);
  if (writer.tooLong || writer.length > MAX_REMAINING) return undefined;
  const bytes = new Uint8Array(1 + varintBytes(writer.length) + writer.length);
  bytes[0] = type << 4 | flags;
  bytes.set(writer.view, writeVarint(bytes, 1, writer.length));
  return bytes;
}

/** Writes a packet's body and returns its flags. */
function encodeBody(writer: Writer, packet: Packet, type: number, version: Version): number {
  switch (packet.type) {
    case "connect":
      encodeConnect(writer, packet);
      return 0;
    case "connack":
      writer.u8(packet.sessionPresent ? 1 : 0);
      writer.u8(packet.reason);
      if (version === 5) writeProperties(writer, packet.properties);
      return 0;
    case "publish":
      return encodePublish(writer, packet, version);
    case "subscribe":
      encodeSubscribe(writer, packet, version);
      return 2;
    case "unsubscribe":
      writer.u16(packet.packetId);
      if (version === 5) writeProperties(writer, packet.properties);
      for (const filter of packet.filters) writer.text(filter);
      return 2;
    case "suback":
    case "unsuback":
      writer.u16(packet.packetId);
      if (version === 5) writeProperties(writer, packet.properties);
      if (version !== 5 && packet.type === "unsuback") return 0;
      for (const reason of packet.reasons) writer.u8(reason);
      return 0;
    case "pingreq":
    case "pingresp":
      return 0;
    case "disconnect":
    case "auth":
      writeOutcome(writer, packet, version);
      return 0;
    default:
      writer.u16((packet as Ack).packetId);
      writeOutcome(writer, packet, version);
      return type === PacketType.pubrel ? 2 : 0;
  }
}

function encodeConnect(writer: Writer, packet: Connect): void {
  const { version, will, username, password } = packet;
  writer.text(version === 3 ? "MQIsdp" : "MQTT");
  writer.u8(version);
  writer.u8(
    (username !== undefined ? 0x80 : 0) | (password !== undefined ? 0x40 : 0) |
      (will !== undefined ? 4 | will.qos << 3 | (will.retain ? 0x20 : 0) : 0) |
      (packet.clean ? 2 : 0),
  );
  writer.u16(packet.keepAlive);
  if (version === 5) writeProperties(writer, packet.properties);
  writer.text(packet.clientId);
  if (will !== undefined) {
    if (version === 5) writeProperties(writer, will.properties);
    writer.text(will.topic);
    writer.binary(will.payload);
  }
  if (username !== undefined) writer.text(username);
  if (password !== undefined) writer.binary(password);
}

function encodePublish(writer: Writer, packet: Publish, version: Version): number {
  writer.text(packet.topic);
  if (packet.qos > 0) writer.u16(packet.packetId);
  if (version === 5) writeProperties(writer, packet.properties);
  writer.raw(packet.payload);
  return (packet.dup ? 8 : 0) | packet.qos << 1 | (packet.retain ? 1 : 0);
}

function encodeSubscribe(writer: Writer, packet: Subscribe, version: Version): void {
  writer.u16(packet.packetId);
  if (version === 5) writeProperties(writer, packet.properties);
  for (const { filter, qos, noLocal, retainAsPublished, retainHandling } of packet.filters) {
    writer.text(filter);
    const options = (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | retainHandling << 4;
    writer.u8(version === 5 ? qos | options : qos);
  }
}

function writeOutcome(
  writer: Writer,
  { reason, properties }: { reason: number; properties: Properties | undefined },
  version: Version,
): void {
  if (version !== 5 || (reason === 0 && properties === undefined)) return;
  writer.u8(reason);
  if (properties !== undefined) writeProperties(writer, properties);
}
