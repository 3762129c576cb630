import { Reader } from "../bytes.ts";
import { randomUUID } from "node:crypto";
import { type Inbox, ProtocolError } from "../session.ts";
import { faultOfTopic, isReserved } from "../topic.ts";
import type { Broker } from "./broker.ts";
import type { Client } from "./client.ts";
import { agreement } from "./connack.ts";
import { decodePacket } from "./decode.ts";
import { readVersion } from "./decode_connect.ts";
import { bodyStart } from "./frame.ts";
import type { MqttLimits } from "./limits.ts";
import type { Link } from "./link.ts";
import { messageProperties } from "./message.ts";
import type { Connect, Will } from "./packet.ts";
import { Reason } from "./reason.ts";

/** A CONNECT that was found to be in order. */
export interface Admission {
  readonly connect: Connect;
  readonly will: Will | undefined;
  /** The client identifier, the one that was assigned where the client sent none. */
  readonly clientId: string;
  /** Seconds until a silent client is taken to be gone, two thirds of them; 0 for never. */
  readonly keepAlive: number;
  /** Seconds that the session may outlive the connection. */
  readonly expirySeconds: number;
}

/** Reads the CONNECT that `bytes` hold from `at` to `end`. Throws what is to be answered. */
export function admit(
  link: Link,
  broker: Broker,
  { bytes, at, end }: { bytes: Uint8Array; at: number; end: number },
): Admission {
  // First of all the version, in whose words a refusal must be.
  const body = bytes.subarray(bodyStart(bytes, at), end);
  link.version = readVersion(new Reader(body, Reason.malformedPacket));
  const admission = examine(decodePacket(bytes, at, end, link.version) as Connect, link);
  const { maxSessions } = link.limits;
  if (!broker.clients.has(admission.clientId) && broker.clients.size >= maxSessions) {
    throw new ProtocolError(
      `Cannot accept another session: the limit is ${maxSessions}`,
      Reason.quotaExceeded,
    );
  }
  return admission;
}

/** Looks at everything that CONNECT asks for. */
function examine(connect: Connect, { limits }: Link): Admission {
  const { version, clientId, clean, properties } = connect;
  if (properties?.authenticationMethod !== undefined) {
    // Enhanced authentication begins here; a user name and password are looked at here, too.
    throw new ProtocolError(
      "Cannot authenticate by this method: none is supported",
      Reason.badAuthenticationMethod,
    );
  }
  // [MQTT-3.1.3-8] of 3.1.1; MQTT 3.1 wants 1 to 23 characters, MQTT 5 always assigns.
  if (clientId === "" && (version === 3 || (version === 4 && !clean))) {
    throw new ProtocolError(
      "Cannot accept an empty client identifier: a session that stays needs a name",
      Reason.clientIdNotValid,
    );
  }
  // A character takes at most three bytes, so most need no counting.
  if (
    clientId.length * 3 > limits.maxClientIdBytes && byteLength(clientId) > limits.maxClientIdBytes
  ) {
    throw new ProtocolError(
      `Cannot accept this client identifier: at most ${limits.maxClientIdBytes} bytes are allowed`,
      Reason.clientIdNotValid,
    );
  }
  const longest = limits.maxKeepAliveSeconds;
  const isTooLong = longest > 0 && (connect.keepAlive === 0 || connect.keepAlive > longest);
  return {
    connect,
    will: connect.will && ownWill(connect.will, limits),
    clientId: clientId === "" ? `meerkat-${randomUUID()}` : clientId,
    keepAlive: version === 5 && isTooLong ? longest : connect.keepAlive,
    expirySeconds: grantedExpiry(connect, limits),
  };
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function grantedExpiry({ version, clean, properties }: Connect, limits: MqttLimits): number {
  if (version !== 5) return clean ? 0 : limits.maxSessionExpirySeconds;
  return Math.min(properties?.sessionExpiry ?? 0, limits.maxSessionExpirySeconds);
}

/** A will outlives the packet that brought it. */
function ownWill(will: Will, limits: MqttLimits): Will {
  const fault = faultOfTopic(will.topic, limits.maxTopicLevels);
  if (fault !== undefined) throw new ProtocolError(fault, Reason.topicNameInvalid);
  if (isReserved(will.topic)) {
    const reason = "Cannot leave a will for $SYS topics: only the gateway publishes there";
    throw new ProtocolError(reason, Reason.notAuthorized);
  }
  const { properties } = will;
  if (properties !== undefined) {
    messageProperties(properties);
    properties.correlationData = properties.correlationData?.slice();
  }
  return { ...will, payload: will.payload.slice() };
}

/** Joins a free session with its new connection, and says so (MQTT 5.0 §3.1.4). */
export function begin(
  link: Link,
  client: Client,
  { broker, admission, inbox, now }: {
    broker: Broker;
    admission: Admission;
    inbox: Inbox;
    now: number;
  },
): void {
  const { connect, will, expirySeconds } = admission;
  // [MQTT-3.1.2-4]
  if (connect.clean && client.present) broker.discard(client, { now, hub: link.hub });
  const sessionPresent = client.present;
  broker.attach(client, inbox);
  client.user = link.hub.identity.user;
  client.limits = link.limits;
  client.will = will;
  client.expirySeconds = expirySeconds;
  link.maxPacketBytes = connect.properties?.maximumPacketSize ?? Infinity;
  link.receiveMaximum = connect.properties?.receiveMaximum ??
    (connect.version === 5 ? 0xffff : link.limits.maxInflight);
  link.send({
    type: "connack",
    // MQTT 3.1 knows no such flag.
    sessionPresent: sessionPresent && connect.version !== 3,
    reason: Reason.success,
    properties: connect.version === 5 ? agreement(admission, link.limits) : undefined,
  });
}
