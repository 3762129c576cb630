import type { Grant } from "./grant.ts";
import type { Session } from "./session.ts";

/**
 * Who is at the other end of a connection.
 *
 * @example Who may do more than others
 * ```ts
 * import type { Peer } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function isTrusted({ secure, certificate }: Peer): boolean {
 *   return secure && certificate === "control room";
 * }
 *
 * assert.ok(isTrusted({ address: "[::1]:50112", secure: true, certificate: "control room" }));
 * ```
 */
export interface Peer {
  /** `127.0.0.1:50112`, `[::1]:50112`, or the path of a Unix socket. */
  readonly address: string;
  /** True when the connection is encrypted, so that nobody in between can read the bytes. */
  readonly secure: boolean;
  /** The name in the client's verified TLS certificate, if it showed one. */
  readonly certificate?: string;
  /** Its other names, `DNS:…`, `email:…`, `URI:…`, and its SHA-256 fingerprint. */
  readonly certificateNames?: readonly string[];
  /** What the certificate stands on, where somebody may revoke it. */
  readonly grant?: Grant;
}

/**
 * The peer, as a session sees it: memory that someone else flushes, at the end of the turn.
 *
 * @example Hanging up on a peer that does not read
 * ```ts
 * import type { Wire } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function say(wire: Pick<Wire, "send" | "close">, text: string): void {
 *   if (!wire.send(new TextEncoder().encode(text))) wire.close();
 * }
 *
 * const done: string[] = [];
 * say({ send: () => false, close: () => done.push("hung up") }, "hello");
 * assert.deepEqual(done, ["hung up"]);
 * ```
 */
export interface Wire {
  /** Who is at the other end. */
  readonly peer: Peer;
  /**
   * Queues bytes to be written. The bytes are copied before this returns.
   * False when the peer is hopelessly behind: the bytes are not sent, so hang up.
   */
  send(bytes: Uint8Array): boolean;
  /**
   * True while more is queued than the high-water mark. What can wait should wait for `drained`.
   */
  readonly full: boolean;
  /** True inside a WebSocket. */
  readonly isWebSocket?: boolean;
  /** The longest message that can arrive, in bytes, where what carries this wire has a limit. */
  readonly maxMessageBytes?: number;
  /** Bytes queued that have not left yet, where they are counted. */
  readonly queuedBytes?: number;
  /** True while this peer's input must wait. A session stops using its input and returns. */
  readonly paused: boolean;
  /** Stops the input until `resume`. */
  pause(): void;
  /** Offers the unused input to `receive` again, now or at the end of the turn, and reads on. */
  resume(): void;
  /** Hangs up once everything sent has left. Input is not read any more. */
  close(): void;
  /** Hands the stream to another protocol, which gets the unused input. */
  upgrade(next: Session): void;
}

/**
 * All peers of one UDP socket, as a datagram session sees them.
 *
 * @example An answer that may not fit
 * ```ts
 * import type { DatagramWire } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function answer(wire: DatagramWire, bytes: Uint8Array, to: string): boolean {
 *   return bytes.length <= wire.maxBytes && wire.send(bytes, to);
 * }
 *
 * const wire: DatagramWire = { maxBytes: 1_232, send: () => true };
 * assert.equal(answer(wire, new Uint8Array(1_233), "192.0.2.7:5683"), false);
 * ```
 */
export interface DatagramWire {
  /** Sends one datagram to `to`, an address as `receive` gave it. False when it was dropped. */
  send(bytes: Uint8Array, to: string): boolean;
  /** The largest datagram that may be sent, in bytes. */
  readonly maxBytes: number;
}
