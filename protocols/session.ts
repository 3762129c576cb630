import type { Hub } from "./hub.ts";
import type { Delivery } from "./publication.ts";
import type { DatagramWire, Wire } from "./wire.ts";

export type { Gate, Hub, Inbox, Outcome, Publisher, Receiver, Subscription, Timed } from "./hub.ts";
export type { DatagramWire, Peer, Wire } from "./wire.ts";

/**
 * One peer's side of one protocol: no sockets, no clock, no promises.
 * `now` is in milliseconds since 1970 and never runs backwards.
 *
 * When a method throws a `ProtocolError`, the peer is at fault and `refuse` is called; any other
 * error is a bug, and crashes this connection.
 *
 * @example Echo: whoever does not read what comes back is not read from
 * ```ts
 * import { gateway, MemoryTransport, type Session, type Wire } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * class Echo implements Session {
 *   readonly label = "echo";
 *   readonly deadline = Infinity;
 *   constructor(readonly wire: Wire) {}
 *   receive(bytes: Uint8Array): number {
 *     if (this.wire.full) {
 *       this.wire.pause();
 *       return 0;
 *     }
 *     if (!this.wire.send(bytes)) this.wire.close();
 *     return bytes.length;
 *   }
 *   drained(): void {
 *     this.wire.resume();
 *   }
 *   shutdown(): void {
 *     this.wire.close();
 *   }
 *   deliver(): void {}
 *   refuse(): void {}
 *   tick(): void {}
 *   ended(): void {}
 * }
 *
 * await using hub = gateway();
 * const memory = new MemoryTransport();
 * await hub.listen(memory, (wire) => new Echo(wire)).ready;
 * const client = memory.connect();
 * await client.write(Uint8Array.of(1, 2, 3));
 * const heard = new Uint8Array(3);
 * await client.read(heard);
 * assert.deepEqual([...heard], [1, 2, 3]);
 * client.close();
 * ```
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
  /** When `tick` is due, in milliseconds since 1970; Infinity for never. Read after every turn. */
  readonly deadline: number;
  /** The deadline has come. */
  tick(now: number): void;
  /** True while messages wait inside the session beyond its mark: publishers hold back. */
  readonly congested?: boolean;
  /** What was queued has left, after `wire.full` was true. */
  drained?(now: number): void;
  /** The peer was too slow for too long, and there is no room left: say so. The caller hangs up. */
  overloaded?(now: number): void;
  /**
   * Something could not be recorded. What was sent since then has not reached the peer, and never
   * will: say so. The caller then hangs up. `unsaid` is what would have come first.
   */
  unstored?(now: number, unsaid: Uint8Array): void;
  /** What the peer was let in by holds no more: say so. The caller then hangs up. */
  revoked?(now: number): void;
  /** The gateway stops: say goodbye and call `wire.close()`, at once or when all is finished. */
  shutdown(now: number): void;
  /** The peer will send no more, but may still read. Without this method the stream is closed. */
  inputEnded?(now: number): void;
  /** The stream is gone; deliveries not yet seen have been handed to `deliver` before. */
  ended(now: number): void;
}

/**
 * Begins a session on a fresh stream: what `hub.listen` takes, and what `mqtt()` and `http()` give.
 *
 * @example Every connection in the log
 * ```ts
 * import { gateway, http, MemoryTransport, type OpenSession } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function noting(open: OpenSession, note: (address: string) => void): OpenSession {
 *   return (wire, hub, now) => {
 *     note(wire.peer.address);
 *     return open(wire, hub, now);
 *   };
 * }
 *
 * await using hub = gateway();
 * const memory = new MemoryTransport({ peers: ["server", "client-7"] });
 * const noted = new Promise((note) => hub.listen(memory, noting(http(), note)));
 * memory.connect().close();
 * assert.equal(await noted, "client-7");
 * ```
 */
export type OpenSession = (wire: Wire, hub: Hub, now: number) => Session;

/**
 * One protocol's side of one UDP socket: a `Session` for all of its peers together.
 * Addresses are `host:port`, `[host]:port` for IPv6; `now` is in milliseconds since 1970.
 *
 * @example Every datagram becomes a message
 * ```ts
 * import { type DatagramSession, type Hub, Publication } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * class Collector implements DatagramSession {
 *   readonly label = "collector";
 *   readonly deadline = Infinity;
 *   constructor(readonly hub: Pick<Hub, "publish">) {}
 *   receive(bytes: Uint8Array, from: string, time: number): void {
 *     this.hub.publish(new Publication(`datagrams/${from}`, bytes.slice(), { time }));
 *   }
 *   tick(): void {}
 *   shutdown(): void {}
 *   ended(): void {}
 * }
 *
 * const topics: string[] = [];
 * const hub = { publish: ({ topic }: Publication) => (topics.push(topic), "accepted" as const) };
 * new Collector(hub).receive(Uint8Array.of(1), "192.0.2.7:4000", 0);
 * assert.deepEqual(topics, ["datagrams/192.0.2.7:4000"]);
 * ```
 */
export interface DatagramSession {
  /** What an operator reads: the protocol. */
  readonly label: string;
  /**
   * One datagram arrived, for us alone or for a multicast group. The view is valid during the call
   * only.
   */
  receive(bytes: Uint8Array, from: string, now: number, isMulticast?: boolean): void;
  /** Something was posted to this session's inbox. */
  signal?(signal: unknown, now: number): void;
  /** When `tick` is due, in milliseconds since 1970; Infinity for never. Read after every turn. */
  readonly deadline: number;
  /** The deadline has come. */
  tick(now: number): void;
  /**
   * What this datagram answers could not be recorded, and so it has not been sent: what to send
   * instead, or undefined for nothing.
   */
  unstored?(bytes: Uint8Array, to: string): Uint8Array | undefined;
  /** The gateway stops: say goodbye to those who expect to hear from us. */
  shutdown(now: number): void;
  /** The socket is gone. */
  ended(now: number): void;
}

/**
 * Begins a session on a fresh UDP socket: what `hub.listen` takes, and what `coap()` gives.
 *
 * @example Datagrams that go back to where they came from
 * ```ts
 * import { gateway, type OpenDatagramSession, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const echo: OpenDatagramSession = (wire) => ({
 *   label: "echo",
 *   deadline: Infinity,
 *   receive: (bytes, from) => void wire.send(bytes, from),
 *   tick() {},
 *   shutdown() {},
 *   ended() {},
 * });
 *
 * await using hub = gateway();
 * const { port } = await hub.listen(udp({ port: 0 }), echo).ready;
 * const client = await udp({ port: 0 }).bind();
 * await client.send(Uint8Array.of(7), `127.0.0.1:${port}`);
 * assert.deepEqual([...(await client.receive())!.bytes], [7]);
 * client.close();
 * ```
 */
export type OpenDatagramSession = (wire: DatagramWire, hub: Hub, now: number) => DatagramSession;

/**
 * A fault of the peer. It costs that peer its connection, and nobody else anything.
 *
 * @example A message that says what was wrong, and what would be right
 * ```ts
 * import { ProtocolError } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function checkLength(bytes: Uint8Array): void {
 *   if (bytes.length <= 125) return;
 *   throw new ProtocolError(`Cannot take ${bytes.length} bytes: 125 are allowed`, 1009);
 * }
 *
 * assert.throws(() => checkLength(new Uint8Array(126)), { name: "ProtocolError", code: 1009 });
 * ```
 */
export class ProtocolError extends Error {
  /** `ProtocolError`. */
  override name = "ProtocolError";

  /** `message` is for people, `code` for the peer. */
  constructor(
    message: string,
    /** The protocol's own: an MQTT reason code, an HTTP status, a WebSocket close code. */
    readonly code: number,
  ) {
    super(message);
  }
}
