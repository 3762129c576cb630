import type { Deadlines } from "../../deadlines.ts";
import type { CoapLimits } from "../limits.ts";
import type { Answer } from "../messages/answer.ts";
import type { Message } from "../messages/codec.ts";
import type { Composer } from "../messages/composer.ts";
import type { Peer, Peers } from "./peers.ts";

/** Something that must arrive at its peer. */
export interface Confirmable {
  readonly peer: Peer;
  /** True when there is a newer state to send in place of the last one (RFC 7641 §4.5.2). */
  readonly outdated: boolean;
  /** True when its peer's address has been verified, which only datagrams need. */
  readonly isProven?: boolean;
  /** True when it continues a transfer, so that it is sent before anything that has not begun. */
  readonly goesOn?: boolean;
  /** Writes the message with this id; the same each time for the same id, unless `outdated`. */
  encode(composer: Composer, id: number, now: number): Uint8Array;
  /** It has arrived. `answer` is the acknowledgement, which may carry an answer. */
  acknowledged(now: number, answer?: Message): void;
  /** The peer has rejected it with a reset, or has not acknowledged it in time. */
  failed(now: number, isReset?: boolean): void;
}

/**
 * Carries requests and answers: as datagrams, which may be lost or come twice (RFC 7252 §4), or in
 * a stream (RFC 8323). The request layer need not know which.
 */
export interface MessageLayer {
  readonly limits: CoapLimits;
  readonly peers: Peers;
  readonly deadlines: Deadlines;
  readonly composer: Composer;
  /** What follows `coap` and `coaps` in the schemes of its URLs (RFC 8323 §8). */
  readonly transport: "" | "+tcp" | "+ws";
  /**
   * Milliseconds until a full wire is tried again; Infinity when the wire tells when it has room.
   */
  readonly retryMs: number;
  /** True when an address may be sent any number of bytes (RFC 9175 §2.4). */
  trusts(address: string): boolean;
  /** Acknowledges a request whose answer follows separately. */
  acknowledge(request: Message, to: string): void;
  /** Answers a request that was not acknowledged yet. */
  respond(request: Message, peer: Peer, answer: Answer): void;
  /**
   * Sends a message once; a notification, when `sequence` is not negative. Returns the message's
   * id, or -1 when the wire takes no more.
   */
  send(
    peer: Peer,
    token: Uint8Array,
    answer: Answer,
    sequence?: number,
    isProven?: boolean,
  ): number;
  /** Sends something until it has arrived, after whatever else is on its way to this peer. */
  confirm(item: Confirmable, now: number): void;
  /** Gives up something that was passed to `confirm`. */
  cancel(item: Confirmable, now: number): void;
}
