import { ProtocolError } from "../session.ts";
import type { Admission } from "./connect.ts";
import type { Link } from "./link.ts";
import { PacketType } from "./packets/packet.ts";
import type { Properties } from "./packets/property.ts";
import { allowsReason, Reason } from "./packets/reason.ts";

/** The properties of a CONNACK that lets an MQTT 5 client in (MQTT 5.0 §3.2.2.3). */
export function agreement(
  { connect, clientId, keepAlive, expirySeconds, method, authenticationData }: Admission,
  { limits, user }: Link,
): Properties {
  const { responseInformation } = limits;
  const properties: Properties = {
    receiveMaximum: Math.min(limits.receiveMaximum, 0xffff),
    maximumPacketSize: limits.maxPacketBytes,
    topicAliasMaximum: limits.topicAliasMaximum,
    sharedAvailable: 1,
  };
  if (limits.maxWildcardLevels === 0) properties.wildcardsAvailable = 0;
  // [MQTT-3.1.2-31]
  if (responseInformation !== undefined && connect.properties?.requestResponse === 1) {
    properties.responseInformation = responseInformation
      .replaceAll("{client}", () => clientId)
      .replaceAll("{user}", () => user ?? "");
  }
  // [MQTT-4.12.0-5], [MQTT-4.12.0-6]
  if (method !== undefined) {
    properties.authenticationMethod = method.name;
    properties.authenticationData = authenticationData;
  }
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
  [Reason.useAnotherServer]: 3,
  [Reason.serverMoved]: 3,
  [Reason.quotaExceeded]: 3,
  [Reason.badUserNameOrPassword]: 4,
  [Reason.notAuthorized]: 5,
};

/** Refuses a session that should stay when its client goes, while that cannot be written down. */
export function unkept(): ProtocolError {
  return new ProtocolError(
    "Cannot keep a session now: the store cannot be written",
    Reason.quotaExceeded,
  );
}

/** Tells a client why it may not connect, as far as its version of MQTT can say that. */
export function refuseConnect(link: Link, error: ProtocolError): void {
  const known = allowsReason(PacketType.connack, error.code);
  const reason = link.version === 5
    ? known ? error.code : Reason.unspecifiedError
    : returnCodes[error.code];
  if (reason === undefined) return;
  const connack = { type: "connack", sessionPresent: false, reason } as const;
  if (link.version !== 5) return void link.send({ ...connack, properties: undefined });
  const moved = reason === Reason.useAnotherServer || reason === Reason.serverMoved;
  const needed: Properties = moved ? { serverReference: link.limits.serverReference?.server } : {};
  const full = { ...needed, reasonString: error.message };
  // [MQTT-3.2.2-19]: the text is the first thing to go.
  if (!link.send({ ...connack, properties: full })) link.send({ ...connack, properties: needed });
}
