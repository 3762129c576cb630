import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import { Reader } from "../bytes.ts";
import type { Identity } from "../identity.ts";
import { ownerOf } from "../owner.ts";
import { type Hub, type Inbox, ProtocolError } from "../session.ts";
import { faultOfTopic, isReserved } from "../topic.ts";
import { BRIDGE, Trail } from "../trail.ts";
import type { AuthMethod } from "./authentication.ts";
import type { Broker } from "./broker/broker.ts";
import type { Client } from "./broker/client.ts";
import { messageProperties, willBytes } from "./broker/message.ts";
import { SessionLog } from "./broker/session_log.ts";
import { agreement } from "./connack.ts";
import type { MqttLimits } from "./limits.ts";
import type { Link } from "./link.ts";
import type { MqttOptions } from "./options.ts";
import { decodePacket } from "./packets/decode.ts";
import { readVersion } from "./packets/decode_connect.ts";
import { bodyStart } from "./packets/frame.ts";
import type { Connect, Will } from "./packets/packet.ts";
import { Reason } from "./packets/reason.ts";

/** A CONNECT that is in order, and what was granted of what it asks for. */
export interface Admission {
  readonly connect: Connect;
  /** Published when the client goes without DISCONNECT; hooks may change it. */
  will: Will | undefined;
  /** The client identifier: assigned here, where the client sent none. */
  readonly clientId: string;
  /** The Keep Alive, in seconds; after 1.5 of it a silent client counts as gone. 0 for none. */
  readonly keepAlive: number;
  /** Seconds for which the session may outlive the connection. */
  readonly expirySeconds: number;
  /** How the client wants to prove who it is; undefined for a user name and password alone. */
  readonly method: AuthMethod | undefined;
  /** What the method sends with CONNACK. */
  authenticationData: Uint8Array | undefined;
}

/**
 * Reads and checks the CONNECT that `bytes` hold from `at` to `end`. Throws what to refuse it with.
 */
export function admit(
  link: Link,
  broker: Broker,
  { bytes, at, end }: { bytes: Uint8Array; at: number; end: number },
): Admission {
  // First of all the version: even the refusal of a faulty CONNECT has to be in its words.
  const body = bytes.subarray(bodyStart(bytes, at), end);
  link.version = readVersion(new Reader(body, Reason.malformedPacket));
  const connect = decodePacket(bytes, at, end, link.version) as Connect;
  adopt(link, connect);
  const admission = examine(connect, link);
  const fault = faultOfSessions(broker, admission.clientId, link.limits);
  if (fault !== undefined) throw fault;
  return admission;
}

function faultOfSessions(
  { clients }: Broker,
  clientId: string,
  { maxSessions }: MqttLimits,
): ProtocolError | undefined {
  if (clients.has(clientId) || clients.size < maxSessions) return undefined;
  return full(`Cannot accept another session: the limit is ${maxSessions}`);
}

function full(why: string): ProtocolError {
  return new ProtocolError(why, Reason.quotaExceeded);
}

/** Why somebody, now that it is known who, cannot have one more session, or such a will. */
export function faultOfQuota(
  { clientId, expirySeconds, will }: Admission,
  broker: Broker,
  { hub, limits }: Link,
): ProtocolError | undefined {
  // Others may have come while hooks were asked.
  const fault = faultOfSessions(broker, clientId, limits);
  if (fault !== undefined || (expirySeconds === 0 && will === undefined)) return fault;
  const owner = ownerOf(hub.identity), before = broker.clients.get(clientId);
  const { holdings } = broker, { count, bytes } = holdings.of(owner);
  const isOwn = before?.owner === owner;
  const isNew = expirySeconds > 0 && !(isOwn && before.expirySeconds > 0);
  if (isNew && count >= limits.maxSessionsPerUser) {
    return full(
      `Cannot keep another session for this user: the limit is ${limits.maxSessionsPerUser}`,
    );
  }
  // Once the session has this will, it has the one before no more.
  const most = willBytes(will), freed = willBytes(before?.will);
  const { maxWillBytesPerUser, maxTotalWillBytes } = limits;
  const own = bytes - (isOwn ? freed : 0), total = holdings.bytes - freed;
  if (own + most <= maxWillBytesPerUser && total + most <= maxTotalWillBytes) return undefined;
  return full(
    `Cannot keep a will of ${most} bytes: the wills of one user may have ${maxWillBytesPerUser}, ` +
      `those of all ${maxTotalWillBytes}`,
  );
}

/** Notes the client's own limits, which hold from the answer to its CONNECT on. */
function adopt(link: Link, { version, username, properties }: Connect): void {
  link.user = username;
  link.maxPacketBytes = properties?.maximumPacketSize ?? Infinity;
  link.receiveMaximum = properties?.receiveMaximum ??
    (version === 5 ? 0xffff : link.limits.maxInflight);
  link.topicAliasMaximum = properties?.topicAliasMaximum ?? 0;
  link.wantsReasons = properties?.requestProblem !== 0;
}

/** Checks everything that CONNECT asks for, and decides what is granted. */
function examine(connect: Connect, { limits }: Link): Admission {
  const { version, properties } = connect;
  if (limits.serverReference !== undefined) {
    const { server, permanent } = limits.serverReference;
    throw new ProtocolError(
      `Cannot serve clients here: connect to ${server}`,
      permanent ? Reason.serverMoved : Reason.useAnotherServer,
    );
  }
  const name = properties?.authenticationMethod;
  const method = limits.authMethods?.find((each) => each.name === name);
  if (name !== undefined && method === undefined) {
    // [MQTT-4.12.0-1]
    throw new ProtocolError(
      "Cannot authenticate by this method: this server does not know it",
      Reason.badAuthenticationMethod,
    );
  }
  checkClientId(connect, limits);
  const longest = limits.maxKeepAliveSeconds;
  const isTooLong = longest > 0 && (connect.keepAlive === 0 || connect.keepAlive > longest);
  return {
    connect,
    will: connect.will && ownWill(connect.will, limits),
    clientId: connect.clientId === "" ? `meerkat-${randomUUID()}` : connect.clientId,
    keepAlive: version === 5 && isTooLong ? longest : connect.keepAlive,
    expirySeconds: grantedExpiry(connect, limits),
    method,
    authenticationData: undefined,
  };
}

function checkClientId({ version, clientId, clean }: Connect, limits: MqttOptions): void {
  if (clientId !== "" && limits.clientIdPattern && !fits(clientId, limits.clientIdPattern)) {
    throw new ProtocolError(
      "Cannot accept this client identifier: it must be of the form that this server wants",
      Reason.clientIdNotValid,
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
}

/** True when the pattern describes the text from end to end. */
function fits(text: string, pattern: RegExp): boolean {
  pattern.lastIndex = 0;
  const found = pattern.exec(text);
  return found !== null && found[0].length === text.length;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function grantedExpiry({ version, clean, properties }: Connect, limits: MqttOptions): number {
  if (version !== 5) return clean ? 0 : limits.maxSessionExpirySeconds;
  return Math.min(properties?.sessionExpiry ?? 0, limits.maxSessionExpirySeconds);
}

/**
 * The will with bytes of its own, because it outlives the packet. Throws when it may not be left.
 */
function ownWill(will: Will, limits: MqttOptions): Will {
  const fault = faultOfTopic(will.topic, limits.maxTopicLevels);
  if (fault !== undefined) throw new ProtocolError(fault, Reason.topicNameInvalid);
  if (isReserved(will.topic)) {
    const reason = "Cannot leave a will for $SYS topics: only the gateway publishes there";
    throw new ProtocolError(reason, Reason.notAuthorized);
  }
  const { properties } = will;
  if (limits.checkPayloadFormat && properties?.payloadFormat === 1 && !isUtf8(will.payload)) {
    throw new ProtocolError(
      "Cannot take this will: its payload is said to be UTF-8 and is not",
      Reason.payloadFormatInvalid,
    );
  }
  if (properties !== undefined) {
    messageProperties(properties);
    properties.correlationData = properties.correlationData?.slice();
  }
  return { ...will, payload: will.payload.slice() };
}

/** Notes whose session it is; of most clients, which have no name and leave nothing, nothing. */
function own(client: Client, identity: Identity): void {
  const leaves = client.expirySeconds > 0 || client.will !== undefined;
  client.identity = leaves || identity.user !== undefined ? identity : undefined;
  client.charge(leaves ? ownerOf(identity) : undefined);
}

/** Has the journal record a session from now on; or no more, if it ends with its connection. */
function writeDown(client: Client, { journal, identity }: Hub): void {
  if (client.expirySeconds === 0) {
    client.log?.end();
    client.log = undefined;
  } else if (journal !== undefined) {
    client.log ??= new SessionLog(journal, journal.take(), identity);
    client.log.identity = identity;
    client.log.save(client);
  }
}

/** Gives a free session to its new connection, and sends CONNACK (MQTT 5.0 §3.1.4). */
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
  client.expirySeconds = expirySeconds;
  client.limits = link.limits;
  client.will = will;
  own(client, link.hub.identity);
  const isBridge = connect.properties?.userProperties?.some(([name]) => name === BRIDGE);
  if (isBridge) link.hub.shared(Trail).active = true;
  writeDown(client, link.hub);
  const isSent = link.send({
    type: "connack",
    // MQTT 3.1 has no such flag.
    sessionPresent: sessionPresent && connect.version !== 3,
    reason: Reason.success,
    properties: connect.version === 5 ? agreement(admission, link) : undefined,
  });
  // A client that cannot take the answer would wait for it for ever.
  if (!isSent) link.close();
}
