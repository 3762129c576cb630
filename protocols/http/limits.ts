/**
 * What one HTTP client may ask of us.
 *
 * @example Long cookies, patient clients
 * ```ts
 * import { gateway, http, type HttpLimits, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const limits: Partial<HttpLimits> = { headerBytes: 64 << 10, idleMs: 300_000 };
 * await using hub = gateway();
 * const { port } = await hub.listen(tcp({ port: 0 }), http({ limits })).ready;
 * const headers = { cookie: "x".repeat(32 << 10) };
 * assert.equal((await fetch(`http://127.0.0.1:${port}/`, { headers })).status, 200);
 * ```
 */
export interface HttpLimits {
  /** Bytes of a request line; default 8 KiB. More is answered 414. */
  requestLineBytes: number;
  /** Bytes of all header fields of a request together; default 16 KiB. More is answered 431. */
  headerBytes: number;
  /** Header fields of a request; default 100. More are answered 431. */
  headerFields: number;
  /** Bytes of a body under `/topics`; default 1 MiB. More is answered 413. */
  bodyBytes: number;
  /** Bytes of a line that begins a chunk, with its extensions; default 256. */
  chunkLineBytes: number;
  /** Bytes that chunk extensions may add to one body; default 16 KiB. */
  chunkExtensionBytes: number;
  /** Bytes of trailer fields after a chunked body; default 8 KiB. */
  trailerBytes: number;
  /** Bytes of further requests that may wait while one is answered; default 16 KiB. */
  pipelinedBytes: number;
  /** Bytes of a body nobody wants that are read to keep the connection; default 256 KiB. */
  discardedBytes: number;
  /** Milliseconds that a head may take from its first byte to its last; default 10,000. */
  headMs: number;
  /** Milliseconds that a connection may be idle between requests; default 60,000. */
  idleMs: number;
  /** Requests of one connection, the last of which is answered with `close`; default 100,000. */
  keptRequests: number;
  /** Milliseconds that a body may make no progress; default 10,000. Then it is answered 408. */
  bodyMs: number;
  /** The slowest body, in bytes a second; default 100. Slower ones run out of `bodyMs`. */
  bodyBytesPerSecond: number;
  /**
   * Milliseconds that an answer beyond the wire's mark may stay unread, and that a client which
   * sends no more may wait for the next piece of its answer; default 60,000.
   */
  stalledMs: number;
  /** Levels of a topic; default 128. */
  topicLevels: number;
  /** Topics in a listing; default 10,000. The field `topics-left-out` counts the others. */
  listedTopics: number;
  /** Bytes of a listing; default 1 MiB. */
  listedBytes: number;
  /** Milliseconds that a client may ask to wait for an answer; default 60,000. */
  waitMs: number;
  /** Milliseconds after which a silent stream of events says that it is alive; default 15,000. */
  eventsMs: number;
}

/** What an HTTP client may ask of us, unless the configuration says otherwise. */
export const defaults: HttpLimits = {
  // RFC 9112 §3 recommends at least 8,000.
  requestLineBytes: 8 * 1024,
  // Browsers send 1 to 4 KiB, with cookies up to 8.
  headerBytes: 16 * 1024,
  // Browsers send some 20, proxies add a few.
  headerFields: 100,
  // What one publication may weigh in every receiver's queue, as for MQTT.
  bodyBytes: 1024 * 1024,
  // 13 hexadecimal digits and room for extensions, which nobody is known to send.
  chunkLineBytes: 256,
  // Together no more than a header has.
  chunkExtensionBytes: 16 * 1024,
  // Checksums and signatures are shorter.
  trailerBytes: 8 * 1024,
  // One more request with a header of the usual size, and a small body.
  pipelinedBytes: 16 * 1024,
  // A new connection, with TLS above all, costs more than reading this in vain.
  discardedBytes: 256 * 1024,
  // As MQTT waits for its CONNECT.
  headMs: 10_000,
  // As proxies and browsers do, so that neither side is often surprised.
  idleMs: 60_000,
  // So that whoever balances connections can move them, at a cost that nobody notices.
  keptRequests: 100_000,
  // Radio links have gaps of a few seconds.
  bodyMs: 10_000,
  // A modem of 1,200 baud is just fast enough; a thousand deliberate dawdlers gain little.
  bodyBytesPerSecond: 100,
  // A client that takes nothing for a minute will hardly take the rest.
  stalledMs: 60_000,
  // As for MQTT: what one protocol can name, the other can.
  topicLevels: 128,
  // More than anybody reads, in a few milliseconds.
  listedTopics: 10_000,
  // As a body.
  listedBytes: 1024 * 1024,
  // Proxies give up after a minute or so.
  waitMs: 60_000,
  // Half of what impatient proxies wait.
  eventsMs: 15_000,
};
