/** What one HTTP client may ask of us. */
export interface HttpLimits {
  /** Bytes of a request line; more is answered 414. */
  requestLineBytes: number;
  /** Bytes of all header fields of a request together; more is answered 431. */
  headerBytes: number;
  /** Header fields of a request; more is answered 431. */
  headerFields: number;
  /** Bytes of a body under `/topics`; more is answered 413. */
  bodyBytes: number;
  /** Bytes of a line that begins a chunk, with its extensions. */
  chunkLineBytes: number;
  /** Bytes that chunk extensions may add to one body. */
  chunkExtensionBytes: number;
  /** Bytes of trailer fields after a chunked body. */
  trailerBytes: number;
  /** Bytes of further requests that may wait for the answer to the first. */
  pipelinedBytes: number;
  /** Bytes of a body nobody wants that are thrown away to keep the connection. */
  discardedBytes: number;
  /** How long a head may take from its first byte to its last, in milliseconds. */
  headMs: number;
  /** How long a connection may be idle between requests, in milliseconds. */
  idleMs: number;
  /** How long a body may make no progress, in milliseconds; then it is answered 408. */
  bodyMs: number;
  /** The slowest body, in bytes a second: slower ones run out of `bodyMs`. */
  bodyBytesPerSecond: number;
  /** How long a client may leave more of an answer queued than the wire's mark, in milliseconds. */
  stalledMs: number;
  /** Levels of a topic. */
  topicLevels: number;
  /** Topics in a listing; the others are counted in the field `topics-left-out`. */
  listedTopics: number;
  /** Bytes of a listing. */
  listedBytes: number;
  /** The longest wait for an answer that a client may ask for, in milliseconds. */
  waitMs: number;
  /** How often a silent stream of events says that it is alive, in milliseconds. */
  eventsMs: number;
}

/** What an HTTP client may ask of us unless the configuration says otherwise. */
export const defaults: HttpLimits = {
  // RFC 9112 §3 recommends at least 8,000.
  requestLineBytes: 8 * 1024,
  // Browsers send 1 to 4 KiB, with cookies up to 8.
  headerBytes: 16 * 1024,
  headerFields: 100,
  // What one publication may weigh in every receiver's queue.
  bodyBytes: 1024 * 1024,
  // 16 hexadecimal digits and room for extensions, which nobody is known to send.
  chunkLineBytes: 256,
  chunkExtensionBytes: 16 * 1024,
  trailerBytes: 8 * 1024,
  pipelinedBytes: 16 * 1024,
  discardedBytes: 256 * 1024,
  headMs: 10_000,
  idleMs: 60_000,
  bodyMs: 10_000,
  // A modem of 1,200 baud is just fast enough; a thousand deliberate dawdlers gain little.
  bodyBytesPerSecond: 100,
  stalledMs: 60_000,
  topicLevels: 128,
  listedTopics: 10_000,
  listedBytes: 1024 * 1024,
  // Proxies give up after a minute or so.
  waitMs: 60_000,
  eventsMs: 15_000,
};
