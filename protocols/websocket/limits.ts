/**
 * What one WebSocket may cost.
 *
 * @example Short messages, and a quick look for those who are gone
 * ```ts
 * import { gateway, http, tcp, websocket, type WebSocketLimits } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const limits: Partial<WebSocketLimits> = { maxMessageBytes: 10, pingAfterMs: 5_000 };
 * await using hub = gateway();
 * const upgrade = websocket({ limits });
 * const { port } = await hub.listen(tcp({ port: 0 }), http({ upgrade })).ready;
 * const socket = new WebSocket(`ws://127.0.0.1:${port}/topics/chat`);
 * socket.onopen = () => socket.send("eleven byte");
 * const closed = new Promise<number>((resolve) => socket.onclose = ({ code }) => resolve(code));
 * assert.equal(await closed, 1009);
 * ```
 */
export interface WebSocketLimits {
  /** Bytes of a message in all its frames; default 1 MiB. MQTT inside has its own limit. */
  maxMessageBytes: number;
  /** Bytes of messages that may wait for a peer that does not read; default 64 MiB. */
  maxQueuedBytes: number;
  /** Bytes that each fragment but the last counts for at least; default 64. */
  minFragmentBytes: number;
  /** Milliseconds of silence after which the peer is pinged; default 30,000. */
  pingAfterMs: number;
  /** Milliseconds that the peer may take to send anything after that ping; default 30,000. */
  pongWithinMs: number;
  /** The same while the peer does not read, or is not read from; default 300,000. */
  stalledMs: number;
  /** Milliseconds that the peer may take to answer a Close frame; default 5,000. */
  closeWithinMs: number;
  /** Subscriptions of one `json` client; default 1,000. */
  maxSubscriptions: number;
  /** Bytes of its filters, and of their levels in the tree; default 1 MiB. */
  maxSubscriptionBytes: number;
  /** Requests of one `json` client that wait for a reply at the same time; default 100. */
  maxRequests: number;
  /** Milliseconds that one of them may wait; default 60,000. */
  maxReplyMs: number;
  /** Levels of a topic or filter; default 128. */
  maxTopicLevels: number;
}

/** The limits of a WebSocket unless others are given. */
export const defaults: Readonly<WebSocketLimits> = {
  // 1 MiB, as for packets of MQTT: bounds what one peer can make us hold.
  maxMessageBytes: 1 << 20,
  // 64 MiB: a few of the largest messages that anybody allows; only a handler can queue so much.
  maxQueuedBytes: 64 << 20,
  // 64 bytes: no message has more than 16,385 fragments, and usual fragments are longer.
  minFragmentBytes: 64,
  // 30 s: proxies cut connections that are silent for 60 s.
  pingAfterMs: 30_000,
  // 30 s: longer than the worst of radio links takes.
  pongWithinMs: 30_000,
  // 5 min: as long as a phone with a bad link needs for all that waits for it.
  stalledMs: 300_000,
  // 5 s: more than any round trip, and short beside the time that a stopping gateway has.
  closeWithinMs: 5_000,
  // 1,000: more than a page can show; each costs a node in the tree of filters.
  maxSubscriptions: 1_000,
  // 1 MiB: 1,000 of 1,000 bytes, and not of the 64 KiB that each could have.
  maxSubscriptionBytes: 1 << 20,
  // 100: a page waits for a handful.
  maxRequests: 100,
  // 60 s: as long as an HTTP request may wait.
  maxReplyMs: 60_000,
  // 128, as for MQTT: what one protocol can name, the other can.
  maxTopicLevels: 128,
};
