import assert from "node:assert/strict";
import { Log } from "../../../actors/log.ts";
import type { Batch } from "../../../actors/store/batch.ts";
import { openDatabase } from "../../../actors/store/database.ts";
import { HistoryReader } from "../../../actors/store/history.ts";
import { QueueReader } from "../../../actors/store/queues.ts";
import { Statements } from "../../../actors/store/statements.ts";
import { Store } from "../../../actors/store/store.ts";
import type { WriterThread } from "../../../actors/store/writer_thread.ts";
import { Queue } from "../../../protocols/mqtt/broker/queue.ts";
import {
  SessionLog,
  settle,
  StoredDelivery,
  storedFrom,
} from "../../../protocols/mqtt/broker/session_log.ts";
import { defaults } from "../../../protocols/mqtt/limits.ts";
import { Delivery, Publication, type Qos } from "../../../protocols/publication.ts";
import { dice } from "../../protocols/mqtt/dice.ts";

const log = new Log({ sink: () => {} });
const limits = { ...defaults, maxQueuedMessages: 1_000 };

/** A message as it must be found again. */
interface Known {
  readonly text: string;
  packetId: number | undefined;
  received: boolean;
}

/** One session's messages, in a store that is killed now and then. */
class Ordeal {
  readonly #roll: (limit: number) => number;
  readonly #database = openDatabase(":memory:");
  readonly #tally = { queuedBytes: 0, inflightBytes: 0, subscriptions: 0, lose() {} };
  readonly #store: Store;
  readonly #log: SessionLog;
  #queue = new Queue(this.#tally);
  /** All that was accepted and has not ended, in order. */
  #known: Known[] = [];
  /** What has left the queue. */
  #sent: { delivery: StoredDelivery; known: Known }[] = [];
  #texts = 0;
  #ids = 0;

  constructor(seed: number) {
    this.#roll = dice(seed);
    const statements = new Statements(this.#database);
    const write = (batch: Batch) => {
      statements.apply(batch);
      queueMicrotask(() => this.#store.answered({ kind: "committed", batch: batch.batch }));
    };
    this.#store = new Store({
      writer: { write } as Partial<WriterThread> as WriterThread,
      log,
      redo: undefined,
      waits: true,
      past: new HistoryReader(this.#database, []),
      queue: () => undefined,
      now: () => 1,
    }, { next: 1, written: 0 });
    this.#log = new SessionLog(this.#store, this.#store.take(), undefined);
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      switch (this.#roll(7)) {
        case 0:
        case 1:
          this.#publish(1 + this.#roll([3, 3, 30, 600][this.#roll(4)]!), this.#roll(3) > 0);
          break;
        case 2:
          this.#send(this.#roll([20, 2_000][this.#roll(2)]!));
          break;
        case 3:
        case 4:
          this.#acknowledge(this.#roll([5, 2_000][this.#roll(2)]!));
          break;
        case 5:
          if (this.#roll(3) === 0) await this.#crash();
          break;
        case 6:
          await flush();
      }
    }
    await this.#crash();
    this.#send(Infinity);
    for (const { delivery } of this.#sent) settle(delivery);
    await flush();
    for (const table of ["segments", "marks"]) {
      assert.deepEqual(this.#database.prepare(`SELECT * FROM ${table}`).all(), [], table);
    }
    assert.equal(this.#tally.queuedBytes, 0);
    this.#database.close();
  }

  /** The client is away, or there and behind. */
  #publish(count: number, isAway: boolean): void {
    for (; count > 0; count--) {
      const text = `${this.#texts++}`.padEnd(this.#roll(20) === 0 ? 900 : 10, ".");
      const qos = 1 + this.#roll(2) as Qos;
      const publication = new Publication("t", new TextEncoder().encode(text), { qos, time: 1 });
      const stored = this.#log.entered(new Delivery(publication, qos, false, undefined));
      if (!this.#queue.makeRoom(stored, limits, 0)) continue;
      if (isAway) this.#queue.shelve(stored, this.#log, limits);
      else {
        this.#queue.push(stored, limits);
        this.#log.keep(stored);
      }
      this.#known.push({ text, packetId: undefined, received: false });
    }
  }

  #send(most: number): void {
    for (; most > 0; most--) {
      const delivery = this.#queue.shift();
      if (delivery === undefined) return;
      assert.ok(delivery instanceof StoredDelivery);
      const sent = new Set(this.#sent.map(({ known }) => known));
      const known = this.#known.find((each) => !sent.has(each))!;
      assert.equal(delivery.publication.text(), known.text, "in order");
      this.#sent.push({ delivery, known });
      if (delivery.qos < 2) continue;
      known.packetId = ++this.#ids;
      this.#store.sent(delivery.entry, known.packetId);
    }
  }

  #acknowledge(count: number): void {
    for (; count > 0 && this.#sent.length > 0; count--) {
      const at = this.#roll(2) === 0 ? this.#roll(this.#sent.length) : 0;
      const { delivery, known } = this.#sent[at]!;
      if (delivery.qos === 2 && !known.received) {
        known.received = true;
        this.#store.received(delivery.entry);
        continue;
      }
      settle(delivery);
      this.#sent.splice(at, 1);
      this.#known.splice(this.#known.indexOf(known), 1);
    }
  }

  /** Whoever begins anew finds what is written, and nothing else. */
  async #crash(): Promise<void> {
    await flush();
    this.#queue.clear();
    this.#queue = new Queue(this.#tally);
    this.#sent = [];
    const reader = new QueueReader(this.#database, (error) => assert.fail(String(error)));
    const found = reader.all(this.#log.key).map(({ delivery, packetId, received }) => ({
      text: delivery.publication.text(),
      packetId,
      received,
    }));
    assert.deepEqual(found, this.#known);
    const pages = [...reader.pages(this.#log.key, Infinity)];
    const own = this.#store;
    for (const { sent } of pages) {
      for (const record of sent) {
        const text = record.delivery.publication.text();
        const known = this.#known.find((each) => each.text === text)!;
        this.#sent.push({ delivery: storedFrom(record, own), known });
      }
    }
    this.#queue.follow(
      pages.map(({ size, bytes, read }) => ({
        size,
        bytes,
        read: () => read().map((record) => storedFrom(record, own)),
      })),
      limits,
    );
  }
}

async function flush(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
}

Deno.test("Messages of a session are what was written, wherever the store is killed", async () => {
  const only = Deno.env.get("SEED"), seeds = Number(Deno.env.get("SEEDS") ?? 20);
  for (let seed = Number(only ?? 1); seed <= Number(only ?? seeds); seed++) {
    try {
      await new Ordeal(seed * 104_729).run(150);
    } catch (error) {
      throw new Error(`Seed ${seed} went wrong`, { cause: error });
    }
  }
});
