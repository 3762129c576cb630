import type { Identity } from "../../identity.ts";
import type { Entry, Journal, MessageRecord, Shelf } from "../../journal.ts";
import { Delivery, type Publication } from "../../publication.ts";
import type { Client } from "./client.ts";
import { willPublication } from "./message.ts";

/** A delivery of QoS 1 or 2 that has an entry in the journal until it is settled. */
export class StoredDelivery extends Delivery {
  constructor(
    publication: Publication,
    { qos, retain, ids }: Pick<Delivery, "qos" | "retain" | "ids">,
    /** Undefined for a delivery that is not recorded after all. */
    readonly journal: Journal | undefined,
    readonly entry: Entry,
  ) {
    super(publication, qos, retain, ids);
  }

  override of(publication: Publication): StoredDelivery {
    return new StoredDelivery(publication, this, this.journal, this.entry);
  }
}

/** A delivery as it was stored. */
export function storedFrom(
  { delivery, entry }: MessageRecord,
  journal: Journal | undefined,
): StoredDelivery {
  return new StoredDelivery(delivery.publication, delivery, journal, entry);
}

/** A delivery has arrived, or was given up: its entry in the journal is of no use any more. */
export function settle(delivery: Delivery): void {
  if (delivery instanceof StoredDelivery) delivery.journal?.endMessage(delivery.entry);
}

/** Records in the journal what becomes of one session that outlives its connections. */
export class SessionLog {
  constructor(
    readonly journal: Journal,
    readonly key: number,
    public identity: Identity | undefined,
  ) {}

  /** Records the state of the session. */
  save(client: Client): void {
    const { journal, key, identity } = this, { name, expirySeconds, will } = client;
    const isAway = client.inbox === undefined;
    journal.saveSession({
      key,
      name,
      identity,
      expirySeconds,
      expiresAt: isAway ? client.expiresAt : undefined,
      willDelaySeconds: will?.properties?.willDelay ?? 0,
      willAt: isAway && will !== undefined ? client.willAt : undefined,
      will: will && willPublication(will, undefined, 0),
    });
  }

  end(): void {
    this.journal.endSession(this.key);
  }

  /** The same delivery with a new entry, under which `keep` saves it. */
  entered({ publication, qos, retain, ids }: Delivery): StoredDelivery {
    const { journal } = this;
    return new StoredDelivery(
      publication,
      { qos, retain, ids },
      journal,
      journal.entry(),
    );
  }

  /** Saves a delivery; `shelf` is the queue that it waits in, if it is not on its way. */
  keep(delivery: StoredDelivery, shelf?: Shelf): void {
    this.journal.saveMessage(this.key, delivery.entry, delivery, shelf);
  }
}
