import type { Identity } from "./identity.ts";
import type { Delivery, Publication } from "./publication.ts";
import type { Subscription } from "./session.ts";

/** How well a gateway is, as far as outsiders may know. */
export interface Health {
  readonly status: "ok" | "failing" | "stopping";
  /** `ok` when everything can be stored, `failing` when nothing can now, `none` without a store. */
  readonly store: "ok" | "failing" | "none";
  readonly reason?: string;
}

/** What is stored of an MQTT session, apart from its subscriptions and messages. */
export interface SessionRecord {
  readonly key: number;
  readonly name: string;
  readonly identity: Identity | undefined;
  /** Seconds for which the session outlives its connection; 0xffffffff for ever. */
  readonly expirySeconds: number;
  /** When it ends; undefined while its client is connected, Infinity for never. */
  readonly expiresAt: number | undefined;
  /** Seconds between the loss of the connection and the will. */
  readonly willDelaySeconds: number;
  /** When the will is due; undefined while its client is connected. */
  readonly willAt: number | undefined;
  readonly will: Publication | undefined;
}

/**
 * Messages of one owner that were stored together, and are removed together once all have ended.
 */
export interface Segment {
  readonly owner: number;
  /** The number of its first message, which is also its name, and of its last. */
  readonly first: number;
  last: number;
  /** Messages that have not ended. */
  left: number;
  /** True once the writer has it: nothing can be added or left out any more. */
  written: boolean;
  /** True when something was stored about one of its messages by itself. */
  marked: boolean;
}

/** A message in the journal. All copies of its delivery share one entry. */
export class Entry {
  constructor(
    /** Larger than the numbers of all messages before it. */
    readonly number: number,
    /** Where it is stored: undefined before that, null once it has ended. */
    public segment?: Segment | null,
  ) {}
}

/** A message that waits for a session, or is on its way to the session's client. */
export interface MessageRecord {
  readonly entry: Entry;
  readonly delivery: Delivery;
  /** Undefined for a message that was not sent, or may be sent again as if it had not been. */
  readonly packetId: number | undefined;
  /** QoS 2: the client has received it (PUBREC). */
  readonly received: boolean;
}

/** A queue whose stored messages need not stay in memory until somebody asks for them. */
export interface Shelf {
  /**
   * The messages of `entries`, saved one after the other, may be forgotten: `read` gives them back.
   * Without `read` they must be kept.
   */
  exchange(entries: readonly Entry[], read?: () => readonly MessageRecord[]): void;
}

/**
 * Where everything is recorded that must survive the end of the process. What a connection sends
 * after something was recorded reaches its peer only once the record is safe.
 */
export interface Journal {
  /** True while nothing can be recorded. What must survive has to be refused then, */
  readonly failing: boolean;
  /** and each refusal is reported here. */
  refuse(): void;
  /** What the connection sends next depends on a record that may not be safe yet. */
  touch(): void;
  /** A new number, larger than all that were given before. */
  take(): number;
  /** An entry for a message that is to be saved. */
  entry(): Entry;
  saveSession(record: SessionRecord): void;
  /** Removes the session with its subscriptions and all its messages. */
  endSession(key: number): void;
  /** Records a shared subscription, whose messages wait for whichever member comes first. */
  saveGroup(key: number, name: string): void;
  /** Removes the group with all its messages. */
  endGroup(key: number): void;
  saveSubscription(key: number, filter: string, subscription: Subscription): void;
  endSubscription(key: number, filter: string): void;
  /**
   * Records a message that waits for a session, or for the members of a group. The `shelf` that it
   * waits on, if any, is told how to read it back.
   */
  saveMessage(owner: number, entry: Entry, delivery: Delivery, shelf?: Shelf): void;
  /** A message of QoS 2 is sent with this packet identifier. */
  sent(entry: Entry, packetId: number): void;
  /** Its receiver has received it (PUBREC). */
  received(entry: Entry): void;
  /** A message does not wait any more: it has arrived, or was given up. */
  endMessage(entry: Entry): void;
  /** A client has sent a message of QoS 2 with this packet identifier. */
  saveId(key: number, packetId: number): void;
  /** The client has released it (PUBREL). */
  endId(key: number, packetId: number): void;
}
