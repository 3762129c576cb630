import type { Reader } from "../../bytes.ts";
import type { Qos } from "../../publication.ts";
import { ProtocolError } from "../../session.ts";
import { readBinary, readText } from "./fields.ts";
import { type Connect, PacketType, type Version, type Will } from "./packet.ts";
import { readProperties } from "./properties.ts";
import { WILL } from "./property.ts";
import { malformed, Reason } from "./reason.ts";

/** Reads the protocol name and level, with which every CONNECT begins. */
export function readVersion(reader: Reader): Version {
  const name = readText(reader, "protocol name");
  const level = reader.u8();
  if (name === "MQIsdp" && level === 3) return 3;
  if (name === "MQTT" && (level === 4 || level === 5)) return level;
  // [MQTT-3.1.2-1]: a server may hang up on another name without a word.
  if (name !== "MQTT" && name !== "MQIsdp") {
    throw malformed("Cannot speak this protocol: its name must be MQTT or MQIsdp");
  }
  throw new ProtocolError(
    `Cannot speak ${name} level ${level}: the levels are 3 (MQIsdp), 4 and 5 (MQTT)`,
    Reason.unsupportedVersion,
  );
}

/** Reads the body of a CONNECT (MQTT 5.0 §3.1). Binary values are views. */
export function decodeConnect(reader: Reader): Connect {
  const version = readVersion(reader);
  const flags = reader.u8();
  if ((flags & 1) !== 0) {
    // [MQTT-3.1.2-3]
    throw malformed("Cannot take this CONNECT: its reserved flag must be 0");
  }
  const keepAlive = reader.u16();
  const properties = version === 5 ? readProperties(reader, PacketType.connect) : undefined;
  const clientId = readText(reader, "client identifier");
  const will = readWill(reader, version, flags);
  const hasName = (flags & 0x80) !== 0, hasPassword = (flags & 0x40) !== 0;
  if (hasPassword && !hasName && version !== 5) {
    // [MQTT-3.1.2-22] of 3.1.1
    throw malformed("Cannot take a password without a user name before MQTT 5");
  }
  const username = hasName ? readText(reader, "user name") : undefined;
  const password = hasPassword ? readBinary(reader) : undefined;
  if (properties?.authenticationData && properties.authenticationMethod === undefined) {
    throw new ProtocolError(
      "Cannot take authentication data without an authentication method",
      Reason.protocolError,
    );
  }
  return {
    type: "connect",
    version,
    clientId,
    clean: (flags & 2) !== 0,
    keepAlive,
    will,
    username,
    password,
    properties,
  };
}

function readWill(reader: Reader, version: Version, flags: number): Will | undefined {
  const qos = flags >> 3 & 3, retain = (flags & 0x20) !== 0;
  if ((flags & 4) === 0) {
    if (qos === 0 && !retain) return undefined;
    // [MQTT-3.1.2-11], [MQTT-3.1.2-13]
    throw malformed("Cannot take Will QoS or Will Retain without the Will Flag: they must be 0");
  }
  if (qos === 3) {
    // [MQTT-3.1.2-12]
    throw malformed("Cannot take Will QoS 3: it is 0, 1 or 2");
  }
  const properties = version === 5 ? readProperties(reader, WILL) : undefined;
  const topic = readText(reader, "will topic");
  return { topic, payload: readBinary(reader), qos: qos as Qos, retain, properties };
}
