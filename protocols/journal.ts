import type { Identity } from "./identity.ts";
import type { Delivery, Publication } from "./publication.ts";
import type { Subscription } from "./session.ts";

/** How a gateway is, as somebody outside may know it. */
export interface Health {
  readonly status: "ok" | "failing" | "stopping";
  /** What can be kept: all, nothing for now, or nothing because there is no store. */
  readonly store: "ok" | "failing" | "none";
  readonly reason?: string;
}

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

/** Messages of one owner that were written down together, and go together when none is left. */
export interface Segment {
  readonly owner: number;
  /** The numbers of its first message, which is its name, and of its last. */
  readonly first: number;
  last: number;
  /** Messages that have not ended. */
  left: number;
  /** True once it is with the writer: nothing can be added, or left out. */
  written: boolean;
  /** True when something is written down about one of its messages alone. */
  marked: boolean;
}

/** A message in the journal: every copy of its delivery has the same. */
export class Entry {
  constructor(
    /** Larger than those of all that came before. */
    readonly number: number,
    /** Undefined until it is written down, null once it has ended. */
    public segment?: Segment | null,
  ) {}
}

/** A message that waits for one session, or is on its way to its client. */
export interface MessageRecord {
  readonly entry: Entry;
  readonly delivery: Delivery;
  /** Undefined for a message that was not sent, or may be sent again as if it was not. */
  readonly packetId: number | undefined;
  /** QoS 2: the client has it (PUBREC). */
  readonly received: boolean;
}

/** Where messages wait until somebody asks for them. */
export interface Shelf {
  /** `read` gives back the messages of these entries, saved one after the other; without it they stay. */
  exchange(entries: readonly Entry[], read?: () => readonly MessageRecord[]): void;
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
  /** An entry for a message that is to be saved. */
  entry(): Entry;
  saveSession(record: SessionRecord): void;
  /** The session, its subscriptions and all its messages are gone. */
  endSession(key: number): void;
  /** A shared subscription: its messages wait for whichever member comes first. */
  saveGroup(key: number, name: string): void;
  /** The group and all its messages are gone. */
  endGroup(key: number): void;
  saveSubscription(key: number, filter: string, subscription: Subscription): void;
  endSubscription(key: number, filter: string): void;
  /**
   * A message waits for a session, or for the members of a group. The `shelf` it waits on, if it has
   * one, hears what it may have in its place.
   */
  saveMessage(owner: number, entry: Entry, delivery: Delivery, shelf?: Shelf): void;
  /** A message of QoS 2 goes out by this packet identifier. */
  sent(entry: Entry, packetId: number): void;
  /** Its receiver has it (PUBREC). */
  received(entry: Entry): void;
  /** A message waits no more. */
  endMessage(entry: Entry): void;
  /** A client has given us a message of QoS 2 by this packet identifier. */
  saveId(key: number, packetId: number): void;
  /** The client has released it (PUBREL). */
  endId(key: number, packetId: number): void;
}
