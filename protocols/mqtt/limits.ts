/**
 * What happens to a message for which a client's queue has no room:
 * - `drop-newest`: it is refused, and its publisher is told.
 * - `drop-oldest`: the oldest that waits makes room for it.
 * - `conflate`: of each topic only the newest waits; when that is too much, it is refused.
 * - `disconnect`: it is refused, and a client that is there is hung up on.
 */
export type QueuePolicy = "drop-newest" | "drop-oldest" | "conflate" | "disconnect";

/**
 * Who of a shared subscription gets the next message:
 * - `round-robin`: each in turn.
 * - `least-loaded`: whoever has the fewest messages to deal with.
 * - `sticky-by-publisher`: whoever got the publisher's last message, as long as it is there.
 */
export type SharedStrategy = "round-robin" | "least-loaded" | "sticky-by-publisher";

/** What one client may cost. Everything can be changed for each listener. */
export interface MqttLimits {
  /** Bytes of one packet, header included. */
  maxPacketBytes: number;
  /** Milliseconds from the connection to the end of CONNECT. */
  connectTimeoutMs: number;
  /** Seconds of silence an MQTT 5 client may ask for; a longer Keep Alive, or none, becomes this. 0: any. */
  maxKeepAliveSeconds: number;
  /** Bytes of a client identifier. */
  maxClientIdBytes: number;
  /** Levels of a topic or filter. */
  maxTopicLevels: number;
  /** Levels of a filter that may be wildcards; 0: none, and MQTT 5 clients are told so. */
  maxWildcardLevels: number;
  /** Messages a second from one client; above that it is read from more slowly. 0: any number. */
  maxMessagesPerSecond: number;
  /** Subscriptions of one client. */
  maxSubscriptions: number;
  /** Messages of QoS 1 and 2 that wait for one client. */
  maxQueuedMessages: number;
  /** Bytes of the messages that wait for one client. */
  maxQueuedBytes: number;
  /** What happens to a message for which there is no room. */
  queuePolicy: QueuePolicy;
  /** Who of a shared subscription that begins here gets the next message. */
  sharedStrategy: SharedStrategy;
  /** Bytes of the messages that wait for all clients together. */
  maxTotalQueuedBytes: number;
  /** Messages of QoS 1 and 2 sent to one client and not yet acknowledged. */
  maxInflight: number;
  /** Messages of QoS 2 that an MQTT 5 client may have under way to us (Receive Maximum). */
  receiveMaximum: number;
  /** Topic aliases that an MQTT 5 client may set, and that are set for it at most. */
  topicAliasMaximum: number;
  /** Seconds that a session outlives its connection at most; 0xffffffff for ever. */
  maxSessionExpirySeconds: number;
  /** Sessions, connected or not, of all clients together. */
  maxSessions: number;
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
  queuePolicy: "drop-newest",
  /** Each in turn: what users of other brokers expect. */
  sharedStrategy: "round-robin",
  /** 256 MiB: clients that never come back must not fill the memory together. */
  maxTotalQueuedBytes: 256 << 20,
  /** 1,024: fills a link of 100 ms at 10,000 messages a second. */
  maxInflight: 1024,
  /** 1,024: the same in the other direction; each costs the memory of one number. */
  receiveMaximum: 1024,
  /** 32: the topics of a busy sensor; each may keep 64 KiB. */
  topicAliasMaximum: 32,
  /** 30 days: who has been away longer is taken to be gone. */
  maxSessionExpirySeconds: 30 * 86_400,
  /** 100,000: about 200 MiB of empty sessions; anyone can make one by inventing a client identifier. */
  maxSessions: 100_000,
};
