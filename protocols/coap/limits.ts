/**
 * What the peers of a CoAP socket or stream may take, and how long we wait for them (RFC 7252
 * §4.8).
 *
 * @example For a slow radio network, and readings of two bytes
 * ```ts
 * import { coap, type CoapLimits, gateway, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const limits: Partial<CoapLimits> = { ackTimeoutMs: 10_000, maxPayloadBytes: 2 };
 * await using hub = gateway();
 * const { port } = await hub.listen(udp({ port: 0 }), coap(limits)).ready;
 * const client = await udp({ port: 0 }).bind();
 * const put = [0x40, 3, 0, 7, 0xb6, ...new TextEncoder().encode("topics"), 1, 0x61, 0xff];
 * await client.send(Uint8Array.of(...put, 1, 2, 3), `127.0.0.1:${port}`);
 * assert.equal((await client.receive())!.bytes[1], 0x8d); // 4.13 Request Entity Too Large
 * client.close();
 * ```
 */
export interface CoapLimits {
  /**
   * Bytes of a body, of all its blocks together; default 1 MiB. A request with more is answered
   * 4.13, and one whose handler answers with more, 5.00.
   */
  maxPayloadBytes: number;
  /** Bytes of the largest block (RFC 7959), a power of two from 16 to 1,024; default 1,024. */
  maxBlockBytes: number;
  /**
   * Bodies of all peers on their way in blocks, in each direction; default 1,000. The streams of a
   * listener share this limit, and that of bytes.
   */
  maxTransfers: number;
  /** Bytes of these bodies, in each direction; default 64 MiB. */
  maxTransferBytes: number;
  /** Bodies of one peer on their way, in each direction; default 16. */
  maxTransfersPerPeer: number;
  /** Bytes of these, in each direction; default 4 MiB, but never less than one body needs. */
  maxTransferBytesPerPeer: number;
  /** Bodies of one IP address and all its ports on their way, each way; default 250. */
  maxTransfersPerAddress: number;
  /** Bytes of these, each way; default 16 MiB, but never less than one peer may have. */
  maxTransferBytesPerAddress: number;
  /** Milliseconds that the next block of a body is waited for; default 93,000. */
  transferLifetimeMs: number;
  /** Options of one message; default 160. */
  maxOptions: number;
  /** Levels of a topic or filter; default 128. */
  maxTopicLevels: number;
  /** Milliseconds before the first retransmission (ACK_TIMEOUT); default 2,000. */
  ackTimeoutMs: number;
  /** The first wait is `ackTimeoutMs` times 1 to this factor (ACK_RANDOM_FACTOR); default 1.5. */
  ackRandomFactor: number;
  /** Retransmissions before we give up (MAX_RETRANSMIT); default 4. */
  maxRetransmit: number;
  /** Confirmable messages of ours on their way to one peer (NSTART); default 1. */
  nstart: number;
  /** Milliseconds for which a message id is remembered (EXCHANGE_LIFETIME); default 247,000. */
  exchangeLifetimeMs: number;
  /** Remembered requests of all peers; default 65,536. */
  maxRemembered: number;
  /** Bytes of the remembered answers of all peers; default 8 MiB. */
  maxRememberedBytes: number;
  /** Remembered requests of one peer; default 4,096. */
  maxRememberedPerPeer: number;
  /** Bytes of the remembered answers of one peer; default 512 KiB. */
  maxRememberedBytesPerPeer: number;
  /** Observations of all peers (RFC 7641); default 100,000. */
  maxObservers: number;
  /** Observations of one peer; default 1,000. */
  maxObserversPerPeer: number;
  /** Those of one user, or without users of one IP address and all its ports; default 25,000. */
  maxObserversPerUser: number;
  /** Bytes of the filters of those, and of their levels in the tree; default 16 MiB. */
  maxObserverBytesPerUser: number;
  /** Every how many notifications one asks for an acknowledgement; default 10. */
  confirmEvery: number;
  /** Bytes of notifications after which one asks for an acknowledgement; default 16 KiB. */
  maxUnconfirmedBytes: number;
  /** Bytes by which that grows for each second of silence (PROBING_RATE); default 1. */
  probingRate: number;
  /** Milliseconds after which the next notification asks for one in any case; default 60,000. */
  confirmAfterMs: number;
  /** Milliseconds of silence after which an observer is probed; default 86,400,000. */
  probeAfterMs: number;
  /** Notifications sent in one turn; default 512. */
  maxBurst: number;
  /** Stored values that are looked at to answer one request; default 10,000. */
  maxScanned: number;
  /** Requests of all peers that wait for a reply; default 1,000. */
  maxReplies: number;
  /** Requests of one peer that wait for a reply; default 16. */
  maxRepliesPerPeer: number;
  /** Those of one IP address and all its ports; default 250. */
  maxRepliesPerAddress: number;
  /** Milliseconds that a request may ask us to wait for a reply; default 60,000. */
  maxReplyMs: number;
  /** Requests of all peers that handlers have under way; default 10,000. More are answered 5.03. */
  maxHandled: number;
  /** Requests of one peer that handlers have under way; default 512. */
  maxHandledPerPeer: number;
  /** Bytes of bodies that handlers were given, or have answered with so far; default 64 MiB. */
  maxHandledBytes: number;
  /** Milliseconds for which an acknowledgement waits to carry a handler's answer; default 250. */
  piggybackMs: number;
  /** Milliseconds that a handler may take for its whole answer; default 247,000. Then 5.04. */
  maxAnswerMs: number;
  /** Milliseconds in which the first message of a stream, its CSM, must come; default 10,000. */
  csmTimeoutMs: number;
  /** Milliseconds of silence after which the peer of a stream is pinged; default 240,000. */
  pingAfterMs: number;
  /** Milliseconds within which a request to a multicast group is answered; default 5,000. */
  leisureMs: number;
  /** Such requests that wait to be answered; default 100. */
  maxGroupRequests: number;
  /**
   * Which addresses are verified before they are sent more than three times the bytes that came
   * from them by UDP (RFC 9175 §2.4); default `public`: those that are not loopback, link-local or
   * private.
   */
  verifyAddresses: "public" | "all" | "none";
  /** Milliseconds for which an address stays verified; default 900,000. */
  verifiedMs: number;
  /** Verified addresses that are remembered; default 65,536. */
  maxVerified: number;
  /** Other addresses for which it is remembered how many bytes came from them; default 16,384. */
  maxUnverified: number;
  /** Clients in connection mode (`/mqtt/connection`); default 10,000. */
  maxClients: number;
  /** Such clients of one IP address; default 1,000. */
  maxClientsPerHost: number;
  /** Their heartbeat in milliseconds; default 30,000. A client silent for 1.5 of it is gone. */
  heartbeatMs: number;
}

/** The limits of a socket that names none. */
export const defaults: CoapLimits = {
  // What MQTT and HTTP take.
  maxPayloadBytes: 1 << 20,
  // The largest that there is leaves the smallest IPv6 path (1,232 bytes of UDP) with options.
  maxBlockBytes: 1024,
  // 64 bodies of 1 MiB, or 1,000 of 64 KiB.
  maxTransfers: 1000,
  maxTransferBytes: 64 << 20,
  // One busy peer uses a sixteenth at most of what all share.
  maxTransfersPerPeer: 16,
  maxTransferBytesPerPeer: 4 << 20,
  // A quarter: an address has 65,535 ports, and each is a peer.
  maxTransfersPerAddress: 250,
  maxTransferBytesPerAddress: 16 << 20,
  // MAX_TRANSMIT_WAIT: a client that was not heard for so long has given up (RFC 7252 §4.8.2).
  transferLifetimeMs: 93_000,
  // A topic of 128 levels, its queries and conditions. An option takes one byte at least, so 64 KiB
  // could hold 65,000.
  maxOptions: 160,
  // The same as for MQTT: what one of them can name, the other can.
  maxTopicLevels: 128,
  // RFC 7252 §4.8: what every client's own patience is derived from.
  ackTimeoutMs: 2000,
  ackRandomFactor: 1.5,
  maxRetransmit: 4,
  nstart: 1,
  exchangeLifetimeMs: 247_000,
  // The whole lifetime at full rate would be 17 million requests. 65,536 are about 10 MiB; a peer
  // that lost our answer asks again after 2 to 3 seconds, so this is enough for 20,000 publishes a
  // second in all and 1,300 of one peer.
  maxRemembered: 65_536,
  maxRememberedBytes: 8 << 20,
  // One busy peer uses a sixteenth at most of what all share.
  maxRememberedPerPeer: 4096,
  maxRememberedBytesPerPeer: 512 << 10,
  // About 1 KiB each: 100 MiB when everything is in use, of which one address has 1 %.
  maxObservers: 100_000,
  maxObserversPerPeer: 1000,
  // A quarter: an address has 65,535 ports, and each is a peer.
  maxObserversPerUser: 25_000,
  // 25,000 of 600 bytes: a path can have 40 KiB.
  maxObserverBytesPerUser: 16 << 20,
  // At most 9 notifications, or those of a minute, go to somebody who has left.
  confirmEvery: 10,
  confirmAfterMs: 60_000,
  // Ten of the largest datagrams; RFC 7252 §4.8 has the rate.
  maxUnconfirmedBytes: 16 << 10,
  probingRate: 1,
  // RFC 7641 §4.5 asks for one confirmable notification every 24 hours at least.
  probeAfterMs: 86_400_000,
  // A few milliseconds: other peers' requests come in between.
  maxBurst: 512,
  // About a millisecond.
  maxScanned: 10_000,
  // Each holds a subscription and a timer, for a minute at most.
  maxReplies: 1000,
  maxRepliesPerPeer: 16,
  maxRepliesPerAddress: 250,
  maxReplyMs: 60_000,
  // About 1 KiB each, beside the bodies.
  maxHandled: 10_000,
  // One busy peer uses a twentieth at most.
  maxHandledPerPeer: 512,
  maxHandledBytes: 64 << 20,
  // An eighth of what a client waits before it asks again (ACK_TIMEOUT).
  piggybackMs: 250,
  // EXCHANGE_LIFETIME: the client knows nothing of its request any more.
  maxAnswerMs: 247_000,
  // As MQTT waits for its CONNECT.
  csmTimeoutMs: 10_000,
  // Most routers that translate addresses forget a stream after 5 minutes or more.
  pingAfterMs: 240_000,
  // DEFAULT_LEISURE (RFC 7252 §8.2).
  leisureMs: 5000,
  maxGroupRequests: 100,
  // Who can write addresses of our own network on datagrams is in it.
  verifyAddresses: "public",
  // Long enough for a large body in blocks, short where addresses change hands every day.
  verifiedMs: 900_000,
  // About 100 bytes each: some 8 MiB.
  maxVerified: 65_536,
  // What they pay for is an answer that comes later, which few wait for.
  maxUnverified: 16_384,
  // About 1 KiB each. Behind an address translator a plant is one address.
  maxClients: 10_000,
  maxClientsPerHost: 1000,
  // What EMQX has.
  heartbeatMs: 30_000,
};
