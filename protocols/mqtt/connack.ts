import type { ProtocolError } from "../session.ts";
import type { Admission } from "./connect.ts";
import type { MqttLimits } from "./limits.ts";
import type { Link } from "./link.ts";
import { PacketType } from "./packet.ts";
import type { Properties } from "./property.ts";
import { allowsReason, Reason } from "./reason.ts";

/** What CONNACK tells an MQTT 5 client about its session (MQTT 5.0 §3.2.2.3). */
export function agreement(
  { connect, clientId, keepAlive, expirySeconds }: Admission,
  limits: MqttLimits,
): Properties {
  const properties: Properties = {
    receiveMaximum: Math.min(limits.receiveMaximum, 0xffff),
    maximumPacketSize: limits.maxPacketBytes,
    topicAliasMaximum: limits.topicAliasMaximum,
    sharedAvailable: 0,
  };
  if (expirySeconds !== (connect.properties?.sessionExpiry ?? 0)) {
    properties.sessionExpiry = expirySeconds;
  }
  if (clientId !== connect.clientId) properties.assignedClientId = clientId;
  if (keepAlive !== connect.keepAlive) properties.serverKeepAlive = keepAlive;
  return properties;
}

/** CONNACK return codes of MQTT 3.1.1 (§3.2.2.3) for the reasons that have one. */
const returnCodes: Record<number, number> = {
  [Reason.unsupportedVersion]: 1,
  [Reason.clientIdNotValid]: 2,
  [Reason.serverUnavailable]: 3,
  [Reason.quotaExceeded]: 3,
  [Reason.badUserNameOrPassword]: 4,
  [Reason.notAuthorized]: 5,
};

/** Tells a client why it may not connect, as far as its version has words for it. */
export function refuseConnect(link: Link, error: ProtocolError): void {
  const known = allowsReason(PacketType.connack, error.code);
  const reason = link.version === 5
    ? known ? error.code : Reason.unspecifiedError
    : returnCodes[error.code];
  if (reason === undefined) return;
  const properties = link.version === 5 ? { reasonString: error.message } : undefined;
  link.send({ type: "connack", sessionPresent: false, reason, properties });
}
