import type { Entry } from "../../protocols/journal.ts";
import { Delivery, Publication, type Qos } from "../../protocols/publication.ts";
import type { WrittenQueue } from "../space/ledger.ts";

/** What the objects around a waiting message take, in bytes. */
const OVERHEAD_BYTES = 256;

/** Places of messages that have gone, from which on it pays to move the others to the front. */
const MIN_GONE = 1024;

/** One message on its way to the upstream. */
export interface Outbound {
  readonly publication: Publication;
  /** What the upstream calls its topic. */
  readonly topic: string;
  readonly qos: Qos;
  readonly retain: boolean;
  /** Its place in the journal, once it is written down. */
  entry?: Entry;
}

/** Messages that the upstream does not have yet: those that wait, and those under way. */
export class BridgeQueue {
  readonly #limits: { maxQueuedMessages: number; maxQueuedBytes: number };
  #waiting: (Outbound | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  readonly #underWay = new Set<Outbound>();
  readonly #written: WrittenQueue | undefined;

  constructor(
    limits: { maxQueuedMessages: number; maxQueuedBytes: number },
    written?: WrittenQueue,
  ) {
    this.#limits = limits;
    this.#written = written;
    for (const { entry, delivery } of written?.messages ?? []) {
      const { publication, qos, retain } = delivery, { topic } = publication;
      this.#add({ publication, topic, qos, retain, entry });
    }
  }

  /** Messages not sent yet. */
  get waiting(): number {
    return this.#waiting.length - this.#head;
  }

  /** Messages of QoS 1 and 2 sent and not settled. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /** Messages in all. */
  get size(): number {
    return this.waiting + this.#underWay.size;
  }

  /** Bytes in all. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True while nothing can be written down. */
  get failing(): boolean {
    return this.#written?.journal.failing === true;
  }

  /** False when there is no room: the message is not taken. */
  push(outbound: Outbound): boolean {
    const cost = costOf(outbound);
    const { maxQueuedMessages, maxQueuedBytes } = this.#limits;
    if (this.size >= maxQueuedMessages || this.#bytes + cost > maxQueuedBytes) return false;
    if (outbound.qos > 0 && this.#written !== undefined) {
      if (this.failing) {
        this.#written.journal.refuse();
        return false;
      }
      write(outbound, this.#written);
    }
    this.#add(outbound);
    return true;
  }

  #add(outbound: Outbound): void {
    this.#bytes += costOf(outbound);
    this.#waiting.push(outbound);
  }

  /** Takes the next message; one of QoS 1 or 2 is under way from then on. */
  shift(): Outbound | undefined {
    if (this.waiting === 0) return undefined;
    const next = this.#waiting[this.#head]!;
    this.#waiting[this.#head++] = undefined;
    const isMostlyGone = this.#head > MIN_GONE && this.#head * 2 > this.#waiting.length;
    if (isMostlyGone || this.waiting === 0) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    if (next.qos > 0) this.#underWay.add(next);
    else this.#bytes -= costOf(next);
    return next;
  }

  /** The upstream has it, or will never take it. */
  settle(outbound: Outbound): void {
    if (outbound.entry !== undefined) this.#written?.journal.endMessage(outbound.entry);
    if (this.#underWay.delete(outbound)) this.#bytes -= costOf(outbound);
  }

  /** Gives up all messages. */
  clear(): void {
    this.rewind();
    for (let next = this.shift(); next !== undefined; next = this.shift()) this.settle(next);
  }

  /** After a crash nobody knows what became of those under way: they are sent again, before all. */
  rewind(): void {
    this.#waiting = [...this.#underWay, ...this.#waiting.slice(this.#head)];
    this.#head = 0;
    this.#underWay.clear();
  }
}

/** Writes a message down, with the topic that it has at the upstream. */
function write(outbound: Outbound, { journal, key }: WrittenQueue): void {
  const { publication, topic, qos, retain } = outbound;
  const named = new Publication(topic, publication.payload, { ...publication, origin: undefined });
  outbound.entry = journal.entry();
  journal.saveMessage(key, outbound.entry, new Delivery(named, qos, retain, undefined));
}

function costOf({ publication, topic }: Outbound): number {
  return publication.payload.length + topic.length + OVERHEAD_BYTES;
}
