import type { Identity } from "../identity.ts";
import type { Delivery } from "../publication.ts";
import type { Hub, Peer, Subscription } from "../session.ts";
import type { Fields, RequestHead, ResponseHead } from "./messages/message.ts";

/** Takes a request's body. */
export interface BodySink {
  /** Some of the body has come: a view, valid during the call only. */
  chunk(bytes: Uint8Array): void;
  /** The body is whole. */
  end(trailers: Fields | undefined): void;
  /** The body will never be whole. */
  aborted(): void;
}

/** Why an answer must not wait any longer: the gateway stops, or the client sends no more. */
export type Hurry = "stopping" | "input ended";

/**
 * One request and its answer, as the handler of a path sees them, whatever protocol carries them.
 *
 * It may be used only in turns of its session; from elsewhere, call `post` first. Once it is closed
 * its methods do nothing, so that an answer may come too late.
 */
export interface PathExchange {
  readonly request: RequestHead;
  readonly peer: Peer;
  /** Who asks. */
  readonly identity: Identity;
  /** The scheme of its URL: `http`, `https`, `coap` or `coap+tcp`. */
  readonly scheme: string;
  /** The time of the present turn, in milliseconds since 1970. */
  readonly now: number;
  /** Bytes of the request's body; undefined when it comes in chunks, whose number is not known. */
  readonly contentLength: number | undefined;
  /** True once the head of the answer is sent. */
  readonly begun: boolean;
  /** True once the answer is complete or the client is gone. */
  readonly closed: boolean;

  /**
   * Has the request's body passed to `sink`, and sends `100 Continue` to a client that waits for
   * that. A body of more than `maxBytes` is answered 413. A short one may be whole before this
   * returns.
   */
  receive(sink: BodySink, maxBytes?: number): void;
  /** Stops the body. The sink may call this, too. */
  pause(): void;
  /** Lets the body go on. */
  resume(): void;

  /** Sends a whole answer. Where the method or status allows no body, it is left out. */
  respond(head: ResponseHead, body?: Uint8Array | string): void;
  /** True when `respondEncoded` may be used, because this answer's head needs no further fields. */
  readonly plain: boolean;
  /** Sends a whole answer that `encodeAnswer` made. */
  respondEncoded(bytes: Uint8Array): void;
  /**
   * Sends the head of an answer whose body follows by `write`. It has `length` bytes, or ends when
   * the connection is closed; by default it is sent in chunks.
   */
  begin(head: ResponseHead, length?: number | "until closed"): void;
  /** Sends some of the body. False: wait for `onDrained` before the next. */
  write(bytes: Uint8Array): boolean;
  /** Ends the answer. Trailers are sent if it is in chunks. */
  end(trailers?: Iterable<readonly [string, string]>): void;
  /** Hangs up: the client sees that the answer is not complete. */
  abort(): void;

  /** Runs `work` in a turn of the session. False when that is gone. */
  post(work: () => void): boolean;
  /**
   * Calls `ended` when the client's login ends before the answer does. Absent where answers are
   * sent as a whole.
   */
  watchLogin?(ended: () => void): void;

  /** Called when more may be written, after `write` has returned false. */
  onDrained: (() => void) | undefined;
  /** Called when the client has gone before the answer was complete. */
  onClosed: (() => void) | undefined;
  /** Called to end an answer that only waits; at once, when there is a reason already. */
  onHurry: ((reason: Hurry) => void) | undefined;
}

/** One exchange of HTTP, as those who answer it see it. */
export interface Exchange extends PathExchange {
  watchLogin(ended: () => void): void;
  /** The other clients, as this connection sees them. */
  readonly hub: Hub;

  /** Adds fields to the answer, whatever it is. */
  share(fields: readonly (readonly [string, string])[]): void;
  /** Set to true, before the head is sent, to close the connection after this answer. */
  closes: boolean;

  /** Subscribes to `filter` until the answer is complete. Once for each exchange. */
  follow(filter: string, subscription: Subscription, deliver: (delivery: Delivery) => void): void;
  /** Calls `work` once, at `time`, unless the exchange is closed. Replaces what was set before. */
  wake(time: number, work: () => void): void;
}

/** Answers a request, now or in later turns. */
export type Answer = (exchange: Exchange, now: number) => void;

/** Characters of a method and of a path in an answer: the client chose how long they are. */
const METHOD_CHARACTERS = 20, PATH_CHARACTERS = 200;

/** The method of a request, short enough for an answer. */
export function shownMethod({ method }: RequestHead): string {
  return method.slice(0, METHOD_CHARACTERS);
}

/** The path of a request, short enough for an answer. */
export function shownPath({ path }: RequestHead): string {
  return path.slice(0, PATH_CHARACTERS);
}

/** Answers with a line of text for people. */
export function respondText(
  exchange: Pick<PathExchange, "respond">,
  status: number,
  text: string,
  fields: readonly (readonly [string, string])[] = [],
): void {
  exchange.respond(
    { status, fields: [["content-type", "text/plain;charset=utf-8"], ...fields] },
    `${text}\n`,
  );
}
