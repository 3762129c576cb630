import { type CoapLimits, defaults as coap } from "./coap/limits.ts";
import { defaults as http, type HttpLimits } from "./http/limits.ts";
import { defaults as mqtt, type MqttLimits } from "./mqtt/limits.ts";
import { defaults as websocket, type WebSocketLimits } from "./websocket/limits.ts";

/** Limits by their names in a configuration, each of which may be for several protocols. */
export interface CommonLimits {
  readonly maxPacketBytes?: number;
  readonly maxTopicLevels?: number;
  readonly maxWildcardLevels?: number;
  readonly maxMessagesPerSecond?: number;
  readonly maxSubscriptions?: number;
  readonly maxSessions?: number;
  readonly maxSessionsPerUser?: number;
  readonly maxQueuedMessages?: number;
  readonly maxQueuedBytes?: number;
  readonly connectTimeoutMs?: number;
  readonly maxHeaderBytes?: number;
  readonly maxBodyBytes?: number;
  readonly idleTimeoutMs?: number;
  readonly maxMessageBytes?: number;
  readonly heartbeatMs?: number;
  readonly ackTimeoutMs?: number;
  readonly maxRetransmit?: number;
  readonly nstart?: number;
  readonly probingRate?: number;
  readonly exchangeLifetimeMs?: number;
  readonly maxBlockBytes?: number;
  readonly maxObservers?: number;
  readonly leisureMs?: number;
}

/** Each protocol's own limits. */
export interface ProtocolLimits {
  mqtt: Partial<MqttLimits>;
  http: Partial<HttpLimits>;
  websocket: Partial<WebSocketLimits>;
  coap: Partial<CoapLimits>;
}

/** The limits that hold when a configuration sets none. */
export const usualLimits: Required<CommonLimits> = {
  maxPacketBytes: mqtt.maxPacketBytes,
  maxTopicLevels: mqtt.maxTopicLevels,
  maxWildcardLevels: mqtt.maxWildcardLevels,
  maxMessagesPerSecond: mqtt.maxMessagesPerSecond,
  maxSubscriptions: mqtt.maxSubscriptions,
  maxSessions: mqtt.maxSessions,
  maxSessionsPerUser: mqtt.maxSessionsPerUser,
  maxQueuedMessages: mqtt.maxQueuedMessages,
  maxQueuedBytes: mqtt.maxQueuedBytes,
  connectTimeoutMs: mqtt.connectTimeoutMs,
  maxHeaderBytes: http.headerBytes,
  maxBodyBytes: http.bodyBytes,
  idleTimeoutMs: http.idleMs,
  maxMessageBytes: websocket.maxMessageBytes,
  heartbeatMs: coap.heartbeatMs,
  ackTimeoutMs: coap.ackTimeoutMs,
  maxRetransmit: coap.maxRetransmit,
  nstart: coap.nstart,
  probingRate: coap.probingRate,
  exchangeLifetimeMs: coap.exchangeLifetimeMs,
  maxBlockBytes: coap.maxBlockBytes,
  maxObservers: coap.maxObservers,
  leisureMs: coap.leisureMs,
};

/** The limits of each protocol that follow from those that were set. */
export function limitsOf(set: CommonLimits): ProtocolLimits {
  const { maxTopicLevels, maxSubscriptions, connectTimeoutMs } = set;
  const { maxPacketBytes, maxQueuedMessages, maxQueuedBytes } = set;
  return {
    mqtt: given({
      maxPacketBytes,
      maxTopicLevels,
      maxWildcardLevels: set.maxWildcardLevels,
      maxMessagesPerSecond: set.maxMessagesPerSecond,
      maxSubscriptions,
      maxSessions: set.maxSessions,
      maxSessionsPerUser: set.maxSessionsPerUser,
      maxQueuedMessages,
      maxQueuedBytes,
      connectTimeoutMs,
    }),
    http: given({
      headerBytes: set.maxHeaderBytes,
      bodyBytes: set.maxBodyBytes,
      idleMs: set.idleTimeoutMs,
      headMs: connectTimeoutMs,
      topicLevels: maxTopicLevels,
    }),
    websocket: given({ maxMessageBytes: set.maxMessageBytes, maxSubscriptions, maxTopicLevels }),
    coap: given({
      maxPayloadBytes: maxPacketBytes,
      maxTopicLevels,
      csmTimeoutMs: connectTimeoutMs,
      heartbeatMs: set.heartbeatMs,
      ackTimeoutMs: set.ackTimeoutMs,
      maxRetransmit: set.maxRetransmit,
      nstart: set.nstart,
      probingRate: set.probingRate,
      exchangeLifetimeMs: set.exchangeLifetimeMs,
      maxBlockBytes: set.maxBlockBytes,
      maxObservers: set.maxObservers,
      leisureMs: set.leisureMs,
    }),
  };
}

/** The same without members that are undefined, which would replace defaults. */
function given<T extends object>(limits: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  const set = Object.entries(limits).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as { [Name in keyof T]?: NonNullable<T[Name]> };
}
