import type { Qos } from "../../../protocols/publication.ts";

/** MQTT 5 properties, by the names that npm:mqtt knows them by. */
export type PacketProperties = Record<string, unknown>;

/** A message to publish, now or as a will. */
export interface Outgoing {
  topic: string;
  payload: Uint8Array;
  qos: Qos;
  retain: boolean;
  properties?: PacketProperties;
}

/** A message that came. */
export interface Incoming {
  topic: string;
  payload: Uint8Array;
  retain: boolean;
}

/** How a command connects to an MQTT server, and what it hears from it. */
export interface ConnectOptions {
  url: string;
  tls: {
    ca?: string;
    cert?: string;
    key?: string;
    servername?: string;
    rejectUnauthorized?: boolean;
  };
  /** Default: 5, and 3.1.1 for a server that refuses it. */
  version?: "5" | "3.1.1" | "3.1";
  clientId?: string;
  clean: boolean;
  keepAliveSeconds: number;
  username?: string;
  password?: string;
  will?: Outgoing;
  properties?: PacketProperties;
  /** Told of each message, in order. */
  message(message: Incoming): void;
  /** Told when an established connection is lost; it is made again until `end`. */
  lost(error: Error): void;
}

/** What to subscribe to. */
export interface Subscribing {
  filters: readonly string[];
  qos: Qos;
  properties?: PacketProperties;
}

/** The connection of a command to an MQTT server. */
export interface Client {
  /** Resolves when the message has arrived, as far as its QoS can tell. */
  publish(message: Outgoing): Promise<void>;
  /** Subscribes, again after each new connection. Rejects when a filter is refused. */
  subscribe(subscribing: Subscribing): Promise<void>;
  /** Says goodbye. */
  end(): Promise<void>;
}

/** What `get`, `put`, `post`, `delete` and `observe` ask. */
export interface Asking extends Pick<ConnectOptions, "url" | "tls" | "username" | "password"> {
  method: "GET" | "PUT" | "POST" | "DELETE";
  payload?: Uint8Array;
  /** Media type, or the number of a Content-Format. */
  contentType?: string;
  accept?: string;
  confirmable: boolean;
  blockBytes?: number;
  timeoutMs: number;
}

/** What they are answered. */
export interface Answered {
  ok: boolean;
  /** Code or status, and the other things that are not the payload, for people. */
  head: readonly string[];
  payload: Uint8Array;
}

/** What the command `resolve` asks. */
interface Names {
  /** Addresses, or, with a type, records as lines of a zone file. Rejects when there are none. */
  find(name: string, type?: string): Promise<string[]>;
}

/** The world as commands that are clients see it. */
export interface ClientHost {
  /** Sends a request; rejects when no answer comes. An error of the server is an answer. */
  ask(asking: Asking): Promise<Answered>;
  /** Yields the value of a resource, and each new one. */
  follow(asking: Asking, signal: AbortSignal): AsyncIterable<Answered>;
  /** Connects to an MQTT server; rejects when the first connection cannot be made. */
  connect(options: ConnectOptions): Promise<Client>;
  /** Resolves names. Throws a `TypeError` for a server that is no address. */
  names(options: { servers?: readonly string[]; timeoutMs: number }): Names;
  readBytes(path: string): Promise<Uint8Array>;
  /** Standard input, piece by piece. */
  input(): AsyncIterable<Uint8Array>;
  /** Writes to standard output. */
  write(bytes: Uint8Array): void;
  /** A variable of the environment. */
  variable(name: string): string | undefined;
}
