import type { Qos } from "../../publication.ts";
import type { Properties } from "./property.ts";

/** Protocol level: 3 is MQTT 3.1, 4 is MQTT 3.1.1, 5 is MQTT 5.0. */
export type Version = 3 | 4 | 5;

/** The version that each protocol level is known by. */
export const versionNames: Record<Version, string> = { 3: "3.1", 4: "3.1.1", 5: "5.0" };

/** The number of each packet type, the upper half of a packet's first byte (MQTT 5.0 §2.1.2). */
export const PacketType = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
} as const;

/** What the server publishes when the client goes without DISCONNECT. */
export interface Will {
  topic: string;
  payload: Uint8Array;
  qos: Qos;
  retain: boolean;
  properties: Properties | undefined;
}

/** The client's first packet. */
export interface Connect {
  type: "connect";
  version: Version;
  clientId: string;
  /** Clean Session, Clean Start in MQTT 5. */
  clean: boolean;
  /** Keep Alive in seconds; 0 for none. */
  keepAlive: number;
  will: Will | undefined;
  username: string | undefined;
  password: Uint8Array | undefined;
  properties: Properties | undefined;
}

/** The server's answer to CONNECT. */
export interface Connack {
  type: "connack";
  sessionPresent: boolean;
  /** A return code of 0 to 5 before MQTT 5. */
  reason: number;
  properties: Properties | undefined;
}

/** A message. */
export interface Publish {
  type: "publish";
  topic: string;
  payload: Uint8Array;
  qos: Qos;
  retain: boolean;
  dup: boolean;
  /** 0 at QoS 0. */
  packetId: number;
  properties: Properties | undefined;
}

/** One of the four packets that settle a PUBLISH of QoS 1 or 2. */
export interface Ack {
  type: "puback" | "pubrec" | "pubrel" | "pubcomp";
  packetId: number;
  /** 0 before MQTT 5. */
  reason: number;
  properties: Properties | undefined;
}

/** A topic filter of SUBSCRIBE, and its options. */
export interface FilterRequest {
  filter: string;
  qos: Qos;
  noLocal: boolean;
  retainAsPublished: boolean;
  /** 0: send retained messages; 1: only if the subscription is new; 2: do not. */
  retainHandling: 0 | 1 | 2;
}

/** A request for messages. */
export interface Subscribe {
  type: "subscribe";
  packetId: number;
  filters: FilterRequest[];
  properties: Properties | undefined;
}

/** The answer to SUBSCRIBE: a reason for each filter. */
interface Suback {
  type: "suback";
  packetId: number;
  reasons: number[];
  properties: Properties | undefined;
}

/** The end of requests for messages. */
export interface Unsubscribe {
  type: "unsubscribe";
  packetId: number;
  filters: string[];
  properties: Properties | undefined;
}

/** The answer to UNSUBSCRIBE: a reason for each filter, none before MQTT 5. */
interface Unsuback {
  type: "unsuback";
  packetId: number;
  reasons: number[];
  properties: Properties | undefined;
}

/** A sign of life, or the answer to it. */
interface Ping {
  type: "pingreq" | "pingresp";
}

/** The end of a connection. Servers send it in MQTT 5 only. */
export interface Disconnect {
  type: "disconnect";
  /** 0 before MQTT 5. */
  reason: number;
  properties: Properties | undefined;
}

/** A step of enhanced authentication, MQTT 5 only. */
export interface Auth {
  type: "auth";
  reason: number;
  properties: Properties | undefined;
}

/** Any packet of any version. */
export type Packet =
  | Connect
  | Connack
  | Publish
  | Ack
  | Subscribe
  | Suback
  | Unsubscribe
  | Unsuback
  | Ping
  | Disconnect
  | Auth;
