import type { Delivery, Publication, Qos } from "./publication.ts";

/** Who is at the other end of a connection. */
export interface Peer {
  /** `127.0.0.1:50112`, `[::1]:50112`, or the path of a Unix socket. */
  readonly address: string;
  /** True when nobody else can read the bytes on their way. */
  readonly secure: boolean;
  /** The name in the client's verified TLS certificate, if it showed one. */
  readonly certificate?: string;
}

/** The peer, as a session sees it: memory that someone else flushes. */
export interface Wire {
  readonly peer: Peer;
  /**
   * Queues bytes to be written. The bytes are copied before this returns.
   * False when the peer is hopelessly behind: the bytes are not sent, so hang up.
   */
  send(bytes: Uint8Array): boolean;
  /** True while more is queued than the high-water mark: what can wait should wait for `drained`. */
  readonly full: boolean;
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

/** Something that makes publishers wait: a receiver above its high-water mark. */
export interface Gate {
  /** Calls `publisher.release(this)` once the gate opens. */
  wait(publisher: Publisher): void;
}

/** A publisher that can be asked to wait. */
export interface Publisher {
  /** Stop reading input until `release` has been called for this gate. */
  hold(gate: Gate): void;
  release(gate: Gate): void;
}

/** Where deliveries go. */
export interface Receiver {
  readonly name: string;
  /**
   * Queues a delivery; false when it was thrown away because of overload.
   * A receiver that is falling behind asks `from` to hold. Must not throw.
   */
  deliver(delivery: Delivery, from?: Publisher): boolean;
}

/** A session's own mailbox. */
export interface Inbox extends Receiver {
  /** Deliveries and signals that the session has not seen yet. */
  readonly waiting?: number;
  /** True while publishers wait for this receiver, or go on without it. */
  readonly behind?: boolean;
  /**
   * Brings `signal` to the session's `signal` method, in a turn of its own and
   * after every delivery queued before. False when the session is gone.
   * Callable from any actor.
   */
  post(signal: unknown): boolean;
}

/** What a subscription asks for besides its filter. */
export interface Subscription {
  /** The highest QoS of its deliveries. */
  qos: Qos;
  /** MQTT 5: do not send what this receiver published itself. */
  noLocal?: boolean;
  /** MQTT 5: deliver with the retain flag that the publisher set. */
  retainAsPublished?: boolean;
  /** MQTT 5 subscription identifier. */
  id?: number;
}

/**
 * What became of a publication:
 * - `accepted`: at least one receiver has it queued, or it was stored.
 * - `unmatched`: nobody subscribes to its topic.
 * - `overloaded`: all who subscribe threw it away, or there is no room to store it.
 * - `closing`: the gateway is shutting down and takes nothing more.
 */
export type Outcome = "accepted" | "unmatched" | "overloaded" | "closing";

/** The other clients, as a session sees them. */
export interface Hub {
  /** This session's own mailbox. */
  readonly self: Inbox;
  /**
   * Routes a publication and, if it says so, stores or clears the retained value.
   * Afterwards `wire.paused` may be true: a receiver is behind and the session must stop for now.
   */
  publish(publication: Publication): Outcome;
  /** Adds or replaces a subscription; true when it is new. Default receiver: `self`. */
  subscribe(filter: string, subscription: Subscription, receiver?: Receiver): boolean;
  /** Removes a subscription; true when there was one. */
  unsubscribe(filter: string, receiver?: Receiver): boolean;
  /** Removes every subscription of a receiver. Done for `self` when the session ends. */
  forget(receiver: Receiver): void;
  /** The stored value of one topic. */
  retained(topic: string): Publication | undefined;
  /** The stored values that a filter matches, lazily, in no particular order. */
  retainedMatching(filter: string): IterableIterator<Publication>;
  /**
   * The gateway's one instance of `kind`, made by whoever asks first.
   * One that is a `Timed` is ticked by the gateway.
   */
  shared<T>(kind: new () => T): T;
  /** Counts something that an operator may ask about, such as `mqtt.dropped`. */
  count(event: string, amount?: number): void;
}

/** Shared state that outlives connections and has deadlines: sessions that expire, wills that are due. */
export interface Timed {
  /** When `tick` is due, in milliseconds since 1970; Infinity for never. Looked at each second. */
  readonly deadline: number;
  tick(now: number, hub: Hub): void;
}

/**
 * One peer's side of one protocol: no sockets, no clock, no promises.
 * `now` is in milliseconds since 1970 and never runs backwards.
 */
export interface Session {
  /** What an operator reads: protocol and client, such as `mqtt 3.1.1 sensor-7`. */
  readonly label: string;
  /**
   * Bytes arrived. Returns how many were used; the rest comes again with what follows it,
   * or after `wire.resume()`. The view is valid during the call only and may be overwritten.
   */
  receive(bytes: Uint8Array, now: number): number;
  /** Another client published something that this session subscribed to. */
  deliver(delivery: Delivery, now: number): void;
  /** Something was posted to this session's inbox. */
  signal?(signal: unknown, now: number): void;
  /** The peer broke the rules: say so in its own language. The caller then hangs up. */
  refuse(error: ProtocolError, now: number): void;
  /** When `tick` is due; Infinity for never. */
  readonly deadline: number;
  tick(now: number): void;
  /** True while messages wait inside the session beyond its mark: publishers hold back. */
  readonly congested?: boolean;
  /** What was queued has left, after `wire.full` was true. */
  drained?(now: number): void;
  /** Too slow for too long, and out of room: say why. The caller then hangs up. */
  overloaded?(now: number): void;
  /** The gateway stops: say goodbye and call `wire.close()`, at once or when all is finished. */
  shutdown(now: number): void;
  /** The peer will send no more, but may still read. Without this method the stream is closed. */
  inputEnded?(now: number): void;
  /** The stream is gone; deliveries not yet seen have been handed to `deliver` before. */
  ended(now: number): void;
}

/** Begins a session on a fresh stream. */
export type OpenSession = (wire: Wire, hub: Hub, now: number) => Session;

/** All peers of one UDP socket, as a datagram session sees them. */
export interface DatagramWire {
  /** Sends one datagram to `to`, an address as `receive` gave it. False when it was dropped. */
  send(bytes: Uint8Array, to: string): boolean;
  /** The largest datagram that may be sent, in bytes. */
  readonly maxBytes: number;
}

/** One protocol's side of one UDP socket. Addresses are `host:port`, `[host]:port` for IPv6. */
export interface DatagramSession {
  readonly label: string;
  /** One datagram arrived. The view is valid during the call only. */
  receive(bytes: Uint8Array, from: string, now: number): void;
  signal?(signal: unknown, now: number): void;
  readonly deadline: number;
  tick(now: number): void;
  /** The gateway stops: say goodbye to those who expect to hear from us. */
  shutdown(now: number): void;
  ended(now: number): void;
}

/** Begins a session on a fresh UDP socket. */
export type OpenDatagramSession = (wire: DatagramWire, hub: Hub, now: number) => DatagramSession;

/** The peer's fault. Costs the peer its connection, and nobody anything else. */
export class ProtocolError extends Error {
  override name = "ProtocolError";

  /** `code` is the protocol's own: an MQTT reason code, an HTTP status, a close code. */
  constructor(message: string, readonly code: number) {
    super(message);
  }
}
