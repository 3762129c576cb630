import type { BridgeTls } from "./bridge_options.ts";
import type { MessageProperties, Qos } from "../../protocols/publication.ts";
import type { ByteStream } from "../../transports/transport.ts";

/** One message between a bridge and its upstream. */
export interface UpstreamMessage {
  topic: string;
  payload: Uint8Array;
  qos: Qos;
  retain: boolean;
  contentType?: string;
  properties?: MessageProperties;
  /** Of a message of QoS 2 that came from the upstream. */
  packetId?: number;
}

/** Where an upstream is, and who we are to it. */
export interface UpstreamOptions {
  /** `mqtt:`, `mqtts:`, `ws:` or `wss:`. */
  url: string;
  tls?: BridgeTls;
  /** Makes the stream, in place of what the URL says. */
  dial?: (signal: AbortSignal) => Promise<ByteStream>;
  clientId: string;
  username?: string;
  password?: string;
  /** True for a session that ends with the connection. */
  clean: boolean;
  /** Seconds that the upstream keeps the session of an MQTT 5 client that is away. */
  sessionExpirySeconds: number;
  keepAliveSeconds: number;
  /** Default: 5, and 3.1.1 for an upstream that refuses it. */
  version?: "5" | "3.1.1";
  /** Messages of QoS 1 and 2 that may be under way to us. */
  receiveMaximum: number;
  /** Milliseconds from dialling to CONNACK. */
  connectTimeoutMs: number;
  /** Told to an MQTT 5 upstream at CONNECT. */
  userProperties: Readonly<Record<string, string>>;
}

/** What stays of a bridge when it is started again. */
export interface UpstreamState {
  /** Packet identifiers of messages of QoS 2 that were taken, and that the upstream has not released. */
  readonly owned: readonly number[];
}

/** What an upstream grants. */
export interface UpstreamSession {
  version: "5" | "3.1.1";
  /** True when it kept our subscriptions and what came meanwhile. */
  present: boolean;
  /** Messages of QoS 1 and 2 that may be under way to it. */
  receiveMaximum: number;
  maximumPacketBytes: number;
  maximumQos: Qos;
  retainAvailable: boolean;
}

/** Whoever uses an upstream. */
export interface UpstreamUser {
  connected(session: UpstreamSession): void;
  /** The connection, or the attempt, is over. */
  closed(error: Error): void;
  /**
   * A message arrived. `settle(true)` acknowledges it; after `settle(false)` it comes again on the
   * next connection. Either lets the next message come.
   */
  message(message: UpstreamMessage, settle: (taken: boolean) => void): void;
  /** A message of QoS 2 that was taken will not come again; `done` tells the upstream that we know. */
  released(packetId: number, done: () => void): void;
  /** What was written has left. */
  drained(): void;
}

/** A client of another broker. It dials when it is told to, and keeps what is not acknowledged. */
export interface Upstream {
  /** Bytes written that have not left. */
  readonly queuedBytes: number;
  connect(): void;
  /** `settled` is called once: when the upstream has the message, or will never take it. */
  publish(message: UpstreamMessage, settled: (error?: Error) => void): void;
  subscribe(filters: readonly { filter: string; qos: Qos }[], done: (error?: Error) => void): void;
  /** Pings, so that the upstream does not give us up while a message waits to be taken. */
  stayAlive(): void;
  /** Disconnects, with a goodbye where that is possible; it cannot be used any more. */
  close(): Promise<void>;
}

/** Makes a client of another broker; it does not dial yet. */
export type OpenUpstream = (
  options: UpstreamOptions & UpstreamState,
  user: UpstreamUser,
) => Promise<Upstream>;
