import { ProtocolError } from "../../session.ts";
import { PacketType } from "./packet.ts";

/** Every MQTT 5 reason code by its name (MQTT 5.0 §2.4). */
export const Reason = {
  success: 0x00,
  grantedQos1: 0x01,
  grantedQos2: 0x02,
  disconnectWithWill: 0x04,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  continueAuthentication: 0x18,
  reAuthenticate: 0x19,
  unspecifiedError: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  implementationSpecificError: 0x83,
  unsupportedVersion: 0x84,
  clientIdNotValid: 0x85,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  banned: 0x8a,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdInUse: 0x91,
  packetIdNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  messageRateTooHigh: 0x96,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  payloadFormatInvalid: 0x99,
  retainNotSupported: 0x9a,
  qosNotSupported: 0x9b,
  useAnotherServer: 0x9c,
  serverMoved: 0x9d,
  sharedSubscriptionsNotSupported: 0x9e,
  connectionRateExceeded: 0x9f,
  maximumConnectTime: 0xa0,
  subscriptionIdsNotSupported: 0xa1,
  wildcardsNotSupported: 0xa2,
} as const;

/** The reason codes that each packet may carry (MQTT 5.0 §2.4), in hexadecimal, by packet type. */
const allowed: Record<number, ReadonlySet<number>> = {
  [PacketType.connack]: codes("00 80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c 9d 9f"),
  [PacketType.puback]: codes("00 10 80 83 87 90 91 97 99"),
  [PacketType.pubrec]: codes("00 10 80 83 87 90 91 97 99"),
  [PacketType.pubrel]: codes("00 92"),
  [PacketType.pubcomp]: codes("00 92"),
  [PacketType.suback]: codes("00 01 02 80 83 87 8f 91 97 9e a1 a2"),
  [PacketType.unsuback]: codes("00 11 80 83 87 8f 91"),
  [PacketType.disconnect]: codes(
    "00 04 80 81 82 83 87 89 8b 8d 8e 8f 90 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f a0 a1 a2",
  ),
  [PacketType.auth]: codes("00 18 19"),
};

function codes(text: string): ReadonlySet<number> {
  return new Set(text.split(" ").map((code) => parseInt(code, 16)));
}

/** True when an MQTT 5 packet of this type may carry this reason code. */
export function allowsReason(packetType: number, reason: number): boolean {
  return allowed[packetType]?.has(reason) ?? false;
}

/** The error for a packet that cannot be read: Malformed Packet (MQTT 5.0 §4.13). */
export function malformed(message: string): ProtocolError {
  return new ProtocolError(message, Reason.malformedPacket);
}
