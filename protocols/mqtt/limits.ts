/**
 * What happens to a message for which a client's queue has no room:
 * - `drop-newest`: it is refused, and its publisher is told.
 * - `drop-oldest`: the oldest messages that wait are dropped to make room.
 * - `conflate`: only the newest message of each topic waits; if there is no room even so, it is
 *   refused.
 * - `disconnect`: it is refused, and the client is disconnected if it is there.
 *
 * @example Only the newest value of each topic for whoever is behind
 * ```ts
 * import { mqtt, type QueuePolicy } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const queuePolicy: QueuePolicy = "conflate";
 * assert.equal(typeof mqtt({ queuePolicy }), "function");
 * ```
 */
export type QueuePolicy = "drop-newest" | "drop-oldest" | "conflate" | "disconnect";

/**
 * Which member of a shared subscription gets the next message:
 * - `round-robin`: each in turn.
 * - `least-loaded`: the one with the fewest messages to deal with.
 * - `sticky-by-publisher`: the one that got the publisher's last message, while it is connected.
 *
 * @example Work for whoever has the least of it
 * ```ts
 * import { mqtt, type SharedStrategy } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const sharedStrategy: SharedStrategy = "least-loaded";
 * assert.equal(typeof mqtt({ sharedStrategy }), "function");
 * ```
 */
export type SharedStrategy = "round-robin" | "least-loaded" | "sticky-by-publisher";

/**
 * What one client may cost. Everything can be changed for each listener.
 *
 * @example For small sensors that come in great numbers
 * ```ts
 * import { gateway, mqtt, type MqttLimits, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const limits: Partial<MqttLimits> = { maxPacketBytes: 4_096, maxSubscriptions: 10 };
 * await using hub = gateway();
 * const { port } = await hub.listen(tcp({ port: 0 }), mqtt(limits)).ready;
 * using client = await Deno.connect({ port });
 * await client.write(Uint8Array.of(0x10, 0xff, 0x7f)); // a CONNECT of 16,386 bytes
 * assert.equal(await client.read(new Uint8Array(1)), null);
 * ```
 */
export interface MqttLimits {
  /** Bytes of one packet, header included; default 1 MiB. */
  maxPacketBytes: number;
  /** Milliseconds from the connection to the end of CONNECT; default 10,000. */
  connectTimeoutMs: number;
  /**
   * The longest Keep Alive of an MQTT 5 client, in seconds; default 0: any. A longer one, or none
   * at all, is replaced by this (MQTT 5.0 §3.2.2.3.14).
   */
  maxKeepAliveSeconds: number;
  /** Bytes of a client identifier; default 512. */
  maxClientIdBytes: number;
  /** Levels of a topic or filter; default 128. */
  maxTopicLevels: number;
  /** Levels of a filter that may be wildcards; default 128. With 0, MQTT 5 clients are told so. */
  maxWildcardLevels: number;
  /** Messages a second beyond which a client is read from more slowly; default 0: any number. */
  maxMessagesPerSecond: number;
  /** Subscriptions of one client; default 10,000. */
  maxSubscriptions: number;
  /** Messages of QoS 1 and 2 that wait for one client; default 10,000. */
  maxQueuedMessages: number;
  /** Bytes of the messages that wait for one client; default 16 MiB. */
  maxQueuedBytes: number;
  /** What happens to a message for which there is no room; default `disconnect`. */
  queuePolicy: QueuePolicy;
  /** Which member of a shared subscription begun here gets a message; default `round-robin`. */
  sharedStrategy: SharedStrategy;
  /** Bytes of the messages that wait for all clients together; default 256 MiB. */
  maxTotalQueuedBytes: number;
  /** Bytes of messages sent to all clients together and not acknowledged; default 256 MiB. */
  maxTotalInflightBytes: number;
  /** Subscriptions of all clients together; default 2,000,000. */
  maxTotalSubscriptions: number;
  /** Bytes of one client's filters, and of their levels in the tree; default 8 MiB. */
  maxSubscriptionBytes: number;
  /** The same of all clients together; default 1,024 MiB. */
  maxTotalSubscriptionBytes: number;
  /** Shared subscriptions of one client; default 100. */
  maxSharedSubscriptions: number;
  /** Messages of QoS 1 and 2 sent to one client and not yet acknowledged; default 1,024. */
  maxInflight: number;
  /** Messages of QoS 2 that an MQTT 5 client may have under way to us; default 1,024. */
  receiveMaximum: number;
  /** Topic aliases that an MQTT 5 client may set, and that we set for it; default 32. */
  topicAliasMaximum: number;
  /**
   * Seconds for which a session outlives its connection; default 2,592,000. 0xffffffff: for ever.
   */
  maxSessionExpirySeconds: number;
  /** Sessions, connected or not, of all clients together; default 100,000. */
  maxSessions: number;
  /**
   * Sessions that outlive their connections, of one user; default 25,000. Clients without a user name
   * are one user if they come from one address, for IPv6 from one /64.
   */
  maxSessionsPerUser: number;
  /** Bytes of the wills of all clients together; default 256 MiB. */
  maxTotalWillBytes: number;
  /** Bytes of the wills of one user's clients; default 64 MiB. */
  maxWillBytesPerUser: number;
}

/** The limits of a listener that names none. */
export const defaults: MqttLimits = {
  /** 1 MiB: bounds what one peer can make us hold while a packet is coming in. */
  maxPacketBytes: 1 << 20,
  /** 10 s: slow radio links take a few; a peer that says nothing must not keep a connection. */
  connectTimeoutMs: 10_000,
  /** Any: clients behind cheap radios sleep for hours, and idle connections are cheap. */
  maxKeepAliveSeconds: 0,
  /** 512: twenty times what every server must allow [MQTT-3.1.3-5]. */
  maxClientIdBytes: 512,
  /** 128: deeper than any naming scheme, shallow enough that walking the trie costs little. */
  maxTopicLevels: 128,
  /** 128: as many as there are levels, for each costs no more than walking one more branch. */
  maxWildcardLevels: 128,
  /** Any: publishers already wait for receivers that are behind. */
  maxMessagesPerSecond: 0,
  /** 10,000: bridges have thousands; each costs a few hundred bytes. */
  maxSubscriptions: 10_000,
  /** 10,000: a night of a sensor network for a client that comes back in the morning. */
  maxQueuedMessages: 10_000,
  /** 16 MiB: the same in bytes, so that large messages count for more. */
  maxQueuedBytes: 16 << 20,
  /** The publisher of a refused message is told, so that nothing is lost in silence. */
  queuePolicy: "disconnect",
  /** Each in turn: what users of other brokers expect. */
  sharedStrategy: "round-robin",
  /** 256 MiB: clients that never come back must not fill the memory together. */
  maxTotalQueuedBytes: 256 << 20,
  /** 256 MiB: a window for each of 100,000 clients would be far more. */
  maxTotalInflightBytes: 256 << 20,
  /** 2,000,000 of about 320 bytes: 640 MB. */
  maxTotalSubscriptions: 2_000_000,
  /** 8 MiB: 10,000 filters of 500 bytes in five levels, each of which takes 64 in the tree. */
  maxSubscriptionBytes: 8 << 20,
  /** 1,024 MiB: 2,000,000 of 500 bytes. */
  maxTotalSubscriptionBytes: 1 << 30,
  /** 100: each is one more copy of a message, and groups for the same filter cost nothing to invent. */
  maxSharedSubscriptions: 100,
  /** 1,024: fills a link of 100 ms at 10,000 messages a second. */
  maxInflight: 1024,
  /** 1,024: the same in the other direction; each costs the memory of one number. */
  receiveMaximum: 1024,
  /** 32: the topics of a busy sensor; each may keep 64 KiB. */
  topicAliasMaximum: 32,
  /** 30 days: a client that stays away longer has most likely gone for good. */
  maxSessionExpirySeconds: 30 * 86_400,
  /**
   * 100,000: about 200 MiB when all are empty. Anybody can make one, with a new client identifier.
   */
  maxSessions: 100_000,
  /** A quarter: one login that makes up client identifiers must not leave the others without. */
  maxSessionsPerUser: 25_000,
  /** 256 MiB: 100,000 wills of 2,600 bytes, and not of the 1 MiB that each could have. */
  maxTotalWillBytes: 256 << 20,
  /** A quarter, as of the sessions. */
  maxWillBytesPerUser: 64 << 20,
};
