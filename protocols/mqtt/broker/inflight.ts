import { attachedBytes, type Delivery } from "../../publication.ts";

/** Packet identifiers go from 1 to 65535 [MQTT-2.2.1-3]. */
export const MAX_ID = 0xffff;

/** A message of QoS 1 or 2 that was sent and is not acknowledged. */
export class Unsettled {
  /** QoS 2: the client has received it (PUBREC), and only PUBCOMP is missing. */
  received = false;
  /** True when it was sent on the present connection, and so counts in its Receive Maximum. */
  counted = false;

  constructor(
    readonly packetId: number,
    /** Its place in the order of sending. */
    readonly sequence: number,
    public delivery: Delivery,
  ) {}
}

/** Bytes that the objects around a message take. */
const OVERHEAD_BYTES = 256;

/** The messages on their way to one client, found by packet identifier. */
export class Inflight {
  readonly #tally: { inflightBytes: number };
  /**
   * A message is in the slot of its identifier modulo the length, a power of 2. Acknowledgements
   * come in the order of sending, so the slot of the next identifier is mostly free again.
   */
  #slots: (Unsettled | undefined)[] = [];
  #size = 0;
  #nextId = 1;
  #sequence = 0;

  /** `tally` counts the messages on their way to all clients. */
  constructor(tally: { inflightBytes: number } = { inflightBytes: 0 }) {
    this.#tally = tally;
  }

  get size(): number {
    return this.#size;
  }

  /** Gives a delivery a free packet identifier. There must be fewer than `MAX_ID` of them. */
  add(delivery: Delivery): Unsettled {
    // Kept half empty, so that a free slot is near even when acknowledgements come out of order.
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    const slots = this.#slots, mask = slots.length - 1;
    let id = this.#nextId;
    while (slots[id & mask] !== undefined) id = id === MAX_ID ? 1 : id + 1;
    this.#nextId = id === MAX_ID ? 1 : id + 1;
    this.#size++;
    this.#tally.inflightBytes += costOf(delivery);
    return slots[id & mask] = new Unsettled(id, this.#sequence++, delivery);
  }

  /** Takes up a message that was on its way before a restart. */
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

  /** Removes a message, whose identifier is free then. */
  remove(unsettled: Unsettled): void {
    this.#slots[unsettled.packetId & this.#slots.length - 1] = undefined;
    this.#size--;
    this.#tally.inflightBytes -= costOf(unsettled.delivery);
  }

  /** All messages in the order in which they were sent [MQTT-4.6.0-1]. */
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
