import { Delivery, Publication } from "../publication.ts";
import type { MqttLimits } from "./limits.ts";

/** What the objects around a waiting message take, in bytes. */
const OVERHEAD_BYTES = 256;

/** The sum of what all queues of a gateway hold. */
export interface Tally {
  queuedBytes: number;
}

/** Messages that wait until their client is there and has room, oldest first. */
export class Queue {
  #waiting: (Delivery | undefined)[] = [];
  #head = 0;
  #bytes = 0;

  constructor(readonly tally: Tally) {}

  get size(): number {
    return this.#waiting.length - this.#head;
  }

  /** False when there is no room: the delivery is not taken. */
  push(delivery: Delivery, limits: MqttLimits): boolean {
    const cost = costOf(delivery);
    if (
      this.size >= limits.maxQueuedMessages || this.#bytes + cost > limits.maxQueuedBytes ||
      this.tally.queuedBytes + cost > limits.maxTotalQueuedBytes
    ) return false;
    this.#bytes += cost;
    this.tally.queuedBytes += cost;
    this.#waiting.push(outliving(delivery));
    return true;
  }

  shift(): Delivery | undefined {
    if (this.size === 0) return undefined;
    const delivery = this.#waiting[this.#head]!;
    this.#waiting[this.#head++] = undefined;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    const cost = costOf(delivery);
    this.#bytes -= cost;
    this.tally.queuedBytes -= cost;
    return delivery;
  }

  clear(): void {
    this.tally.queuedBytes -= this.#bytes;
    this.#waiting = [];
    this.#head = this.#bytes = 0;
  }
}

function costOf({ publication }: Delivery): number {
  return publication.payload.length + publication.topic.length + OVERHEAD_BYTES;
}

/** The same delivery holding on to nothing but its own bytes. */
export function outliving(delivery: Delivery): Delivery {
  const { publication, qos, retain, ids } = delivery;
  const { topic, payload, time, contentType, properties } = publication;
  // A payload that shares its page with thousands of others would keep all of them.
  if (payload.length * 2 > payload.buffer.byteLength) return delivery;
  const own = publication.encode(ownPayload);
  const kept = new Publication(topic, own, {
    qos: publication.qos,
    retain: publication.retain,
    time,
    contentType,
    properties,
  });
  return new Delivery(kept, qos, retain, ids);
}

/** Made once for all the queues that a message waits in. */
function ownPayload({ payload }: Publication): Uint8Array {
  return payload.slice();
}
