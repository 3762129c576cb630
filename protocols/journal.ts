import type { Identity } from "./identity.ts";
import type { Delivery, Publication } from "./publication.ts";
import type { Subscription } from "./session.ts";

/** What is remembered of an MQTT session beside its subscriptions and its messages. */
export interface SessionRecord {
  readonly key: number;
  readonly name: string;
  readonly identity: Identity | undefined;
  /** Seconds that the session lives on without a connection; 0xffffffff for ever. */
  readonly expirySeconds: number;
  /** When it ends; undefined while its client is connected, Infinity for never. */
  readonly expiresAt: number | undefined;
  /** Seconds between the loss of the connection and the will. */
  readonly willDelaySeconds: number;
  /** When the will is due; undefined while its client is connected. */
  readonly willAt: number | undefined;
  readonly will: Publication | undefined;
}

/** A message that waits for one session, or is on its way to its client. */
export interface MessageRecord {
  readonly number: number;
  readonly delivery: Delivery;
  /** Undefined for a message that was not sent, or may be sent again as if it was not. */
  readonly packetId: number | undefined;
  /** QoS 2: the client has it (PUBREC). */
  readonly received: boolean;
}

/**
 * Where everything is written down that must survive the end of the process. What a connection says
 * after something was recorded reaches its peer when the record is safe, and not before.
 */
export interface Journal {
  /** True while nothing can be recorded: what must survive is not accepted. */
  readonly failing: boolean;
  /** Something that must survive was not accepted. */
  refuse(): void;
  /** What is said next repeats something that may not be safe yet. */
  touch(): void;
  /** A number that was never given before, larger than all that were. */
  take(): number;
  saveSession(record: SessionRecord): void;
  /** The session, its subscriptions and all its messages are gone. */
  endSession(key: number): void;
  /** A shared subscription: its messages wait for whichever member comes first. */
  saveGroup(key: number, name: string): void;
  /** The group and all its messages are gone. */
  endGroup(key: number): void;
  saveSubscription(key: number, filter: string, subscription: Subscription): void;
  endSubscription(key: number, filter: string): void;
  /** A message waits for a session, or for the members of a group. */
  saveMessage(owner: number, number: number, delivery: Delivery): void;
  /** A message of QoS 2 goes out by this packet identifier. */
  sent(number: number, packetId: number): void;
  /** Its receiver has it (PUBREC). */
  received(number: number): void;
  /** A message waits no more. */
  endMessage(number: number): void;
  /** A client has given us a message of QoS 2 by this packet identifier. */
  saveId(key: number, packetId: number): void;
  /** The client has released it (PUBREL). */
  endId(key: number, packetId: number): void;
}
