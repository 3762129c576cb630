/**
 * What all clients together have sent and received. They are plain numbers in one object, so that
 * to count a message costs one addition.
 *
 * @example How much there was
 * ```ts
 * import type { Traffic } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function bytesOf({ bytesReceived, bytesSent }: Pick<Traffic, "bytesReceived" | "bytesSent">) {
 *   return bytesReceived + bytesSent;
 * }
 *
 * assert.equal(bytesOf({ bytesReceived: 2, bytesSent: 3 }), 5);
 * ```
 */
export class Traffic {
  /** Bytes of all streams and datagrams. */
  bytesReceived = 0;
  /** Bytes of all streams and datagrams. */
  bytesSent = 0;
  /** MQTT packets of every type. */
  packetsReceived = 0;
  /** MQTT packets of every type. */
  packetsSent = 0;
  /** Publications by clients, of any protocol. */
  publishReceived = 0;
  /** Bytes of their payloads. */
  publishBytesReceived = 0;
  /** Publications sent to clients, of any protocol. */
  publishSent = 0;
  /** Bytes of their payloads. */
  publishBytesSent = 0;
  /** What it took to find who gets them: deliveries, and levels of filters looked at. */
  work = 0;
  /** Streams accepted. */
  sockets = 0;
  /** MQTT clients let in. */
  connections = 0;
}

/** Work of one client's messages before others have a turn: some milliseconds. */
export const TURN_WORK = 8192;

/** Shared state that holds clients, as an operator counts them. */
export interface Surveyed {
  survey(): Survey;
}

/** How many clients, messages and subscriptions there are now. */
export interface Survey {
  /** Clients with a session, connected or not. */
  readonly clients: number;
  readonly connected: number;
  /** The most that were ever connected at once. */
  readonly maxConnected: number;
  /** Sessions that ended since the start because their client stayed away for too long. */
  readonly expired: number;
  /** Messages that wait for their client, and the bytes that they take. */
  readonly queued: number;
  readonly queuedBytes: number;
  /** Messages that were sent and are not acknowledged yet. */
  readonly inflight: number;
  /** Shared subscriptions. */
  readonly shared: number;
}
