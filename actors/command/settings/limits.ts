import { count, duration, size } from "./kinds.ts";
import { record, type Setting } from "./record.ts";

const KiB = 2 ** 10, MiB = 2 ** 20, GiB = 2 ** 30;

/** Limits that each listener can have for itself. */
const perListener = {
  maxConnections: {
    kind: count(1, 1_000_000),
    doc: "Connections open at once on one listener.",
  },
  maxConnectionsPerAddress: {
    kind: count(1, 1_000_000),
    doc: "Connections open at once from one IP address on one listener.",
  },
  maxConnectionsPerSecond: {
    kind: count(1, 1_000_000),
    doc: "New connections a second from one IP address on one listener.",
  },
  maxPacketBytes: {
    // The largest remaining length that MQTT can write (MQTT 5.0 §1.5.5).
    kind: size(KiB, 268_435_455),
    doc: "The longest MQTT packet from a client.",
  },
  maxTopicLevels: {
    kind: count(1, 65_535),
    doc: "Levels of a topic or filter: `a/b/c` has three.",
  },
  maxWildcardLevels: {
    kind: count(0, 65_535),
    doc: "Levels of an MQTT filter that may be wildcards; 0 allows none.",
  },
  maxMessagesPerSecond: {
    kind: count(0, 10_000_000),
    doc: "MQTT messages a second above which a client is read from more slowly; 0 is any number.",
  },
  maxSubscriptions: {
    kind: count(1, 1_000_000),
    doc: "Subscriptions of one client.",
  },
  maxSessions: {
    kind: count(1, 100_000_000),
    doc: "MQTT sessions, connected or not.",
  },
  maxSessionsPerUser: {
    kind: count(0, 100_000_000),
    doc:
      "MQTT sessions that outlive their connections of one user, or of one address without users.",
  },
  maxQueuedMessages: {
    kind: count(1, 10_000_000),
    doc: "QoS 1 and 2 messages that wait for one client.",
  },
  maxQueuedBytes: {
    kind: size(KiB, 64 * GiB),
    doc: "Bytes of the QoS 1 and 2 messages that wait for one client.",
  },
  outboxHighWaterBytes: {
    kind: size(KiB, GiB),
    doc: "Unsent bytes for one client above which those who publish to it wait.",
  },
  graceMs: {
    kind: duration(0, 3_600_000, true),
    doc: "How long a client may stay above that mark before publishers go on without it.",
  },
  connectTimeoutMs: {
    kind: duration(1, 3_600_000, true),
    doc: "How long a new connection may take to say who it is.",
  },
  maxHeaderBytes: {
    kind: size(KiB, 16 * MiB),
    doc: "The request line and all header fields of one HTTP request.",
  },
  maxBodyBytes: {
    kind: size(1, GiB),
    doc: "The body of one HTTP request.",
  },
  idleTimeoutMs: {
    kind: duration(1, 24 * 3_600_000, true),
    doc: "How long an HTTP connection may stay silent between requests.",
  },
  maxMessageBytes: {
    kind: size(1, GiB),
    doc: "The longest WebSocket message, its fragments joined.",
  },
  heartbeatMs: {
    kind: duration(1, 24 * 3_600_000, true),
    doc: "How often a CoAP client in connection mode says that it is there.",
  },
  ackTimeoutMs: {
    kind: duration(1, 3_600_000, true),
    doc: "How long a confirmable CoAP message waits before it is sent again (ACK_TIMEOUT).",
  },
  maxRetransmit: {
    kind: count(0, 20),
    doc: "How often a confirmable CoAP message is sent again (MAX_RETRANSMIT).",
  },
  nstart: {
    kind: count(1, 1_000),
    doc: "Confirmable CoAP messages on their way to one peer (NSTART).",
  },
  probingRate: {
    kind: count(1, 1_000_000_000),
    doc: "Bytes a second to a CoAP peer that says nothing (PROBING_RATE).",
  },
  exchangeLifetimeMs: {
    kind: duration(1, 24 * 3_600_000, true),
    doc: "How long a CoAP message id is remembered (EXCHANGE_LIFETIME).",
  },
  maxBlockBytes: {
    kind: size(16, 1_024),
    doc: "The largest block of a CoAP body over UDP: 16, 32, 64 … 1024.",
  },
  maxObservers: {
    kind: count(1, 10_000_000),
    doc: "CoAP observations of all peers of one listener.",
  },
  leisureMs: {
    kind: duration(0, 3_600_000, true),
    doc: "How long a CoAP request to a multicast group may wait for its answer.",
  },
} as const satisfies Record<string, Setting<number>>;

/** Limits that only the whole gateway has. */
const gatewayOnly = {
  maxRetained: {
    kind: count(1, 100_000_000),
    doc: "Topics that hold a value.",
  },
  maxRetainedBytes: {
    kind: size(KiB, 64 * GiB),
    doc: "Bytes of all values that topics hold.",
  },
  maxRetainedPerUser: {
    kind: count(1, 100_000_000),
    doc: "Topics that hold a value of one user, or of one address without users.",
  },
  maxRetainedPerUserBytes: {
    kind: size(KiB, 64 * GiB),
    doc: "Bytes of those values.",
  },
} as const satisfies Record<string, Setting<number>>;

/** Every limit, in the order in which help shows them. */
export const limits = { ...perListener, ...gatewayOnly };

export type LimitName = keyof typeof limits;

/** Limits by name, in the unit that the name ends with; those not set are left out. */
export type Limits = { readonly [Name in LimitName]?: number };

/** The limits of the whole gateway. */
export const gatewayLimits = record(limits);

/** The limits that one listener can have for itself. */
export const listenerLimits = record(
  perListener,
  new Map(
    Object.keys(gatewayOnly).map((
      name,
    ) => [name, 'it is for all listeners, in "limits" of the file']),
  ),
);
