import type { Identity } from "../identity.ts";
import type { Delivery } from "../publication.ts";
import type { Hub, Peer, Subscription } from "../session.ts";
import type { Fields, RequestHead, ResponseHead } from "./message.ts";

/** Where a request's body goes. */
export interface BodySink {
  /** Some of the body: a view that is valid during the call only. */
  chunk(bytes: Uint8Array): void;
  /** The body is whole. */
  end(trailers: Fields | undefined): void;
  /** The body will never be whole. */
  aborted(): void;
}

/** Why there is no time: the gateway stops, or the client sends no more. */
export type Hurry = "stopping" | "input ended";

/**
 * One request and its answer, as the handler of a path sees them, whatever protocol carries them.
 *
 * It belongs to the turns of its session: from anywhere else call `post` first. Once it is closed
 * its methods do nothing, so an answer that comes too late needs no care.
 */
export interface PathExchange {
  readonly request: RequestHead;
  readonly peer: Peer;
  /** Who asks. */
  readonly identity: Identity;
  /** What its URL begins with: `http`, `https`, `coap` or `coap+tcp`. */
  readonly scheme: string;
  /** The time of the present turn, in milliseconds since 1970. */
  readonly now: number;
  /** Bytes of the request's body; undefined when it comes in chunks of unknown number. */
  readonly contentLength: number | undefined;
  /** True once the head of the answer is sent. */
  readonly begun: boolean;
  /** True once the answer is complete or the client is gone. */
  readonly closed: boolean;

  /**
   * Asks for the request's body, and for `100 Continue` where the client waits for that. A body of
   * more than `maxBytes` is answered 413. An empty or short one may end before this returns.
   */
  receive(sink: BodySink, maxBytes?: number): void;
  /** Stops the body; also from within the sink. */
  pause(): void;
  /** Lets the body go on. */
  resume(): void;

  /** Sends a whole answer. The body is not sent where the method or the status has none. */
  respond(head: ResponseHead, body?: Uint8Array | string): void;
  /** True when `respondEncoded` may be used: this answer needs nothing special in its head. */
  readonly plain: boolean;
  /** Sends a whole answer that `encodeAnswer` made. */
  respondEncoded(bytes: Uint8Array): void;
  /**
   * Sends the head of an answer whose body follows through `write`: of `length` bytes, in chunks, or
   * until the connection is closed.
   */
  begin(head: ResponseHead, length?: number | "until closed"): void;
  /** Sends some of the body. False: wait for `onDrained` before the next. */
  write(bytes: Uint8Array): boolean;
  /** The answer is complete. Trailers are sent when it is in chunks. */
  end(trailers?: Iterable<readonly [string, string]>): void;
  /** Hangs up: the client sees that the answer is not complete. */
  abort(): void;

  /** Runs `work` in a turn of the session. False when that is gone. */
  post(work: () => void): boolean;
  /**
   * Calls `ended` when the login of who asks ends before the answer does; absent where answers are
   * sent as a whole.
   */
  watchLogin?(ended: () => void): void;

  /** More may be written, after `write` returned false. */
  onDrained: (() => void) | undefined;
  /** The client is gone before the answer was complete. */
  onClosed: (() => void) | undefined;
  /** End now what would only wait. Called at once where the reason is there already. */
  onHurry: ((reason: Hurry) => void) | undefined;
}

/** One exchange of HTTP, as the session offers it to whoever answers. */
export interface Exchange extends PathExchange {
  watchLogin(ended: () => void): void;
  /** The other clients, as this connection sees them. */
  readonly hub: Hub;

  /** Adds fields to whatever is answered. */
  share(fields: readonly (readonly [string, string])[]): void;
  /** Set true before the head is sent to end the connection with this answer. */
  closes: boolean;

  /** Subscribes this connection until the answer is complete. At most once in an exchange. */
  follow(filter: string, subscription: Subscription, deliver: (delivery: Delivery) => void): void;
  /** Calls `work` at `time`, once, unless the exchange is closed first. Replaces what was set before. */
  wake(time: number, work: () => void): void;
}

/** Whoever answers requests. */
export type Answer = (exchange: Exchange, now: number) => void;

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
