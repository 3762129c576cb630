import { attachedBytes, type Delivery } from "../publication.ts";

/** Packet identifiers go from 1 to 65535 [MQTT-2.2.1-3]. */
export const MAX_ID = 0xffff;

/** A message of QoS 1 or 2 that its receiver has not acknowledged. */
export class Unsettled {
  /** QoS 2: the receiver has it (PUBREC); what is missing is PUBCOMP. */
  received = false;
  /** True when it was sent as PUBLISH on the present connection, and so counts against its window. */
  counted = false;

  constructor(
    readonly packetId: number,
    /** Its place in the order of sending. */
    readonly sequence: number,
    public delivery: Delivery,
  ) {}
}

/** What the objects around a message take, in bytes. */
const OVERHEAD_BYTES = 256;

/** The messages on their way to one client, by packet identifier. */
export class Inflight {
  readonly #tally: { inflightBytes: number };
  /** Identifier modulo length is the slot: acknowledgements come in order, so it is mostly free again. */
  #slots: (Unsettled | undefined)[] = [];
  #size = 0;
  #nextId = 1;
  #sequence = 0;

  /** `tally` counts what all clients have under way. */
  constructor(tally: { inflightBytes: number } = { inflightBytes: 0 }) {
    this.#tally = tally;
  }

  get size(): number {
    return this.#size;
  }

  /** Gives a delivery a free packet identifier. There must be fewer than `MAX_ID` of them. */
  add(delivery: Delivery): Unsettled {
    // Half empty, a free slot is at hand even when acknowledgements come in odd order.
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    const slots = this.#slots, mask = slots.length - 1;
    let id = this.#nextId;
    while (slots[id & mask] !== undefined) id = id === MAX_ID ? 1 : id + 1;
    this.#nextId = id === MAX_ID ? 1 : id + 1;
    this.#size++;
    this.#tally.inflightBytes += costOf(delivery);
    return slots[id & mask] = new Unsettled(id, this.#sequence++, delivery);
  }

  /** Has a message on its way that was so before a restart. */
  restore(packetId: number, delivery: Delivery): Unsettled {
    while (
      this.#size * 2 >= this.#slots.length ||
      this.#slots[packetId & this.#slots.length - 1] !== undefined
    ) this.#grow();
    this.#size++;
    this.#tally.inflightBytes += costOf(delivery);
    this.#nextId = packetId === MAX_ID ? 1 : packetId + 1;
    const unsettled = new Unsettled(packetId, this.#sequence++, delivery);
    return this.#slots[packetId & this.#slots.length - 1] = unsettled;
  }

  get(packetId: number): Unsettled | undefined {
    const found = this.#slots[packetId & this.#slots.length - 1];
    return found?.packetId === packetId ? found : undefined;
  }

  /** Frees the identifier. */
  remove(unsettled: Unsettled): void {
    this.#slots[unsettled.packetId & this.#slots.length - 1] = undefined;
    this.#size--;
    this.#tally.inflightBytes -= costOf(unsettled.delivery);
  }

  /** All of them, in the order in which they were sent [MQTT-4.6.0-1]. */
  inOrder(): Unsettled[] {
    return this.#slots
      .filter((each) => each !== undefined)
      .sort((one, other) => one.sequence - other.sequence);
  }

  clear(): void {
    for (const each of this.#slots) {
      if (each !== undefined) this.#tally.inflightBytes -= costOf(each.delivery);
    }
    this.#slots = [];
    this.#size = 0;
  }

  #grow(): void {
    const grown: (Unsettled | undefined)[] = new Array(Math.max(8, this.#slots.length * 2))
      .fill(undefined);
    for (const each of this.#slots) {
      if (each !== undefined) grown[each.packetId & grown.length - 1] = each;
    }
    this.#slots = grown;
  }
}

function costOf({ publication }: Delivery): number {
  return publication.payload.length + attachedBytes(publication) + OVERHEAD_BYTES;
}
