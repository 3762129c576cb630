import type { Deadlines } from "../deadlines.ts";
import type { Answer } from "./answer.ts";
import type { Message } from "./codec.ts";
import type { Composer } from "./composer.ts";
import type { CoapLimits } from "./limits.ts";
import type { Peer, Peers } from "./peers.ts";

/** Something of ours that must arrive. */
export interface Confirmable {
  readonly peer: Peer;
  /** True when what was sent last is not the newest: that goes out instead (RFC 7641 §4.5.2). */
  readonly outdated: boolean;
  /** True when its peer has been seen to be where it says. Only datagrams can lie about that. */
  readonly isProven?: boolean;
  /** True when it goes on with what has begun: it need not wait for what has not. */
  readonly goesOn?: boolean;
  /** The message under an id; the same for the same id, unless `outdated`. */
  encode(composer: Composer, id: number, now: number): Uint8Array;
  /** It has arrived; `answer` is what its acknowledgement says, if it says something. */
  acknowledged(now: number, answer?: Message): void;
  /** The peer does not know what this is about, which a reset says, or does not answer. */
  failed(now: number, isReset?: boolean): void;
}

/**
 * What carries requests and answers, so that these need not know how: datagrams that are lost and
 * come twice (RFC 7252 §4), or a stream (RFC 8323).
 */
export interface MessageLayer {
  readonly limits: CoapLimits;
  readonly peers: Peers;
  readonly deadlines: Deadlines;
  readonly composer: Composer;
  /** What the schemes of its URLs have after `coap` and `coaps` (RFC 8323 §8). */
  readonly transport: "" | "+tcp" | "+ws";
  /** Milliseconds until a wire that took no more is tried again; Infinity when it says so itself. */
  readonly retryMs: number;
  /** True when an address may be sent any number of bytes (RFC 9175 §2.4). */
  trusts(address: string): boolean;
  /** Tells the sender of a request that it has come, and that its answer follows separately. */
  acknowledge(request: Message, to: string): void;
  /** Answers a request of which `acknowledge` has said nothing: in its acknowledgement, if it has one. */
  respond(request: Message, peer: Peer, answer: Answer): void;
  /**
   * Sends something of ours once, a notification when `sequence` is not negative. The id of the
   * message; -1 when the wire took no more.
   */
  send(
    peer: Peer,
    token: Uint8Array,
    answer: Answer,
    sequence?: number,
    isProven?: boolean,
  ): number;
  /** Sends something until it has arrived, after what else is on its way to this peer. */
  confirm(item: Confirmable, now: number): void;
  /** Gives up something that `confirm` was asked to send. */
  cancel(item: Confirmable, now: number): void;
}
