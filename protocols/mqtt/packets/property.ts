import { PacketType } from "./packet.ts";

/** A name and a value that have a meaning for applications only (MQTT 5.0 §3.3.2.3.7). */
export type UserProperty = readonly [name: string, value: string];

/**
 * The properties of MQTT 5 packets (MQTT 5.0 §2.2.2.2). Which packet may have which: `properties`.
 */
export interface Properties {
  payloadFormat?: number;
  /** Seconds. */
  messageExpiry?: number;
  contentType?: string;
  responseTopic?: string;
  correlationData?: Uint8Array;
  subscriptionIds?: number[];
  /** Seconds; 0xffffffff for never. */
  sessionExpiry?: number;
  assignedClientId?: string;
  /** Seconds. */
  serverKeepAlive?: number;
  authenticationMethod?: string;
  authenticationData?: Uint8Array;
  requestProblem?: number;
  /** Seconds. */
  willDelay?: number;
  requestResponse?: number;
  responseInformation?: string;
  serverReference?: string;
  reasonString?: string;
  receiveMaximum?: number;
  topicAliasMaximum?: number;
  topicAlias?: number;
  maximumQos?: number;
  retainAvailable?: number;
  userProperties?: readonly UserProperty[];
  /** Bytes. */
  maximumPacketSize?: number;
  wildcardsAvailable?: number;
  subscriptionIdsAvailable?: number;
  sharedAvailable?: number;
}

/** The type of a property: a byte of 0 or 1, an integer, a string, bytes, or two strings. */
export type Kind = "flag" | "u16" | "u32" | "varint" | "text" | "binary" | "pair";

/** One line of the table of properties. */
export interface Property {
  id: number;
  name: keyof Properties;
  kind: Kind;
  /** One bit for each packet type that may carry it. */
  packets: number;
  /** One bit for each packet type that may carry it more than once. */
  repeatable: number;
  /** True when 0 is against the rules. */
  positive: boolean;
}

/** Stands for the Will properties, a set of its own inside CONNECT: no packet has type 0. */
export const WILL = 0;

const will = 1 << WILL, connect = 1 << PacketType.connect, connack = 1 << PacketType.connack;
const publish = 1 << PacketType.publish, subscribe = 1 << PacketType.subscribe;
const disconnect = 1 << PacketType.disconnect, auth = 1 << PacketType.auth;
const all = 0xffff & ~(1 << PacketType.pingreq | 1 << PacketType.pingresp);
const reasoned = all & ~(will | connect | publish | subscribe | 1 << PacketType.unsubscribe);

/**
 * All properties that there are. Message Expiry Interval is the first to be written, because
 * `publishPacket` finds it there to count it down.
 */
export const properties: readonly Property[] = [
  property(0x02, "messageExpiry", "u32", publish | will),
  property(0x01, "payloadFormat", "flag", publish | will),
  property(0x03, "contentType", "text", publish | will),
  property(0x08, "responseTopic", "text", publish | will),
  property(0x09, "correlationData", "binary", publish | will),
  property(0x0b, "subscriptionIds", "varint", publish | subscribe, {
    repeatable: publish,
    positive: true,
  }),
  property(0x11, "sessionExpiry", "u32", connect | connack | disconnect),
  property(0x12, "assignedClientId", "text", connack),
  property(0x13, "serverKeepAlive", "u16", connack),
  property(0x15, "authenticationMethod", "text", connect | connack | auth),
  property(0x16, "authenticationData", "binary", connect | connack | auth),
  property(0x17, "requestProblem", "flag", connect),
  property(0x18, "willDelay", "u32", will),
  property(0x19, "requestResponse", "flag", connect),
  property(0x1a, "responseInformation", "text", connack),
  property(0x1c, "serverReference", "text", connack | disconnect),
  property(0x1f, "reasonString", "text", reasoned),
  property(0x21, "receiveMaximum", "u16", connect | connack, { positive: true }),
  property(0x22, "topicAliasMaximum", "u16", connect | connack),
  // Alias 0 has a reason code of its own, so the session looks at it.
  property(0x23, "topicAlias", "u16", publish),
  property(0x24, "maximumQos", "flag", connack),
  property(0x25, "retainAvailable", "flag", connack),
  property(0x26, "userProperties", "pair", all, { repeatable: all }),
  property(0x27, "maximumPacketSize", "u32", connect | connack, { positive: true }),
  property(0x28, "wildcardsAvailable", "flag", connack),
  property(0x29, "subscriptionIdsAvailable", "flag", connack),
  property(0x2a, "sharedAvailable", "flag", connack),
];

/** The same by property identifier. */
export const propertyById: (Property | undefined)[] = [];
for (const each of properties) propertyById[each.id] = each;

function property(
  id: number,
  name: keyof Properties,
  kind: Kind,
  packets: number,
  { repeatable = 0, positive = false } = {},
): Property {
  return { id, name, kind, packets, repeatable, positive };
}
