/** What one WebSocket may cost. */
export interface WebSocketLimits {
  /** The longest message, in bytes, however many frames it comes in. MQTT inside has its own limit. */
  maxMessageBytes: number;
  /** A fragment that is not the last of its message counts for at least this many bytes. */
  minFragmentBytes: number;
  /** After this long without a byte from the peer, in milliseconds, a ping asks whether it is there. */
  pingAfterMs: number;
  /** How long the peer may take to send anything after that ping, in milliseconds. */
  pongWithinMs: number;
  /** How long, when it has not read or we have not, in milliseconds. */
  stalledMs: number;
  /** How long the peer may take to answer a Close frame, in milliseconds. */
  closeWithinMs: number;
  /** Subscriptions of one `json` client. */
  maxSubscriptions: number;
  /** Requests of one `json` client that wait for a reply at the same time. */
  maxRequests: number;
  /** The longest that one of them may wait, in milliseconds. */
  maxReplyMs: number;
  /** Levels of a topic or filter. */
  maxTopicLevels: number;
}

/** The limits of a WebSocket that was given none. */
export const defaults: Readonly<WebSocketLimits> = {
  // 1 MiB: what brokers take as a packet by default; bounds memory per peer.
  maxMessageBytes: 1 << 20,
  // 64 bytes: 1 MiB in pieces of a usual size fits, and no message has more than 16,385 pieces.
  minFragmentBytes: 64,
  // 30 s: proxies cut connections that are silent for 60 s.
  pingAfterMs: 30_000,
  pongWithinMs: 30_000,
  // 5 min: a phone takes that long for a full outbox.
  stalledMs: 300_000,
  // 5 s: more than any round trip, and short beside the time that a stopping gateway has.
  closeWithinMs: 5_000,
  // 1,000: more than a page shows; each costs a node in the filter tree.
  maxSubscriptions: 1_000,
  // 100: a page waits for a handful.
  maxRequests: 100,
  // 60 s: as long as an HTTP request may wait.
  maxReplyMs: 60_000,
  // 128: no real topic has a tenth of it, and a filter tree that deep is still shallow to walk.
  maxTopicLevels: 128,
};
