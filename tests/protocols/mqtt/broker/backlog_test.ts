import assert from "node:assert/strict";
import { copy, isLasting } from "../../../../protocols/bytes.ts";
import {
  Entry,
  type Journal,
  type MessageRecord,
  type Shelf,
} from "../../../../protocols/journal.ts";
import { Backlog } from "../../../../protocols/mqtt/broker/backlog.ts";
import { bytesOf, Queue } from "../../../../protocols/mqtt/broker/queue.ts";
import { SessionLog, StoredDelivery } from "../../../../protocols/mqtt/broker/session_log.ts";
import { defaults } from "../../../../protocols/mqtt/limits.ts";
import { Delivery, Publication } from "../../../../protocols/publication.ts";

function delivery(text: string): Delivery {
  const publication = new Publication("t", new TextEncoder().encode(text), { qos: 1, time: 5 });
  return new Delivery(publication, 1, false, undefined);
}

function page(texts: string) {
  const all = [...texts].map(delivery);
  return { size: all.length, bytes: sum(all), read: () => all };
}

function sum(all: readonly Delivery[]): number {
  return all.reduce((bytes, { publication }) => bytes + bytesOf(publication), 0);
}

Deno.test("Backlog gives pages in order, and goes on with the one it had begun behind those that precede", () => {
  const backlog = new Backlog(), opened: number[] = [];
  const shift = () => backlog.shift((page) => void opened.push(page.size))?.publication.text();
  backlog.push(page("def"));
  backlog.push(page(""));
  backlog.push(page("g"));
  assert.equal(backlog.size, 4);
  assert.equal(shift(), "d");
  backlog.precede([page("ab"), page("c")], sum);
  assert.equal(backlog.size, 6);
  assert.equal("abcefg", [1, 2, 3, 4, 5, 6].map(shift).join(""));
  assert.equal(shift(), undefined);
  assert.equal(backlog.size, 0);
  assert.deepEqual(opened, [3, 2, 1, 2, 0, 1]);
});

/** Where messages are saved, and when the shelf hears of it. */
class Stage {
  readonly tally = { queuedBytes: 0, inflightBytes: 0, subscriptions: 0, lose() {} };
  readonly queue = new Queue(this.tally);
  readonly ended: number[] = [];
  #saved: { entry: Entry; delivery: Delivery; shelf: Shelf | undefined }[] = [];
  #next = 1;
  readonly #journal = {
    entry: () => new Entry(this.#next++),
    saveMessage: (_owner: number, entry: Entry, delivery: Delivery, shelf?: Shelf) =>
      void this.#saved.push({ entry, delivery, shelf }),
    endMessage: ({ number }: Entry) => void this.ended.push(number),
  } as Partial<Journal> as Journal;
  readonly log = new SessionLog(this.#journal, 1, undefined);

  add(texts: string, policy: "drop-newest" | "conflate" = "drop-newest"): StoredDelivery[] {
    return [...texts].map((text) => {
      const stored = this.log.entered(delivery(text));
      this.queue.shelve(stored, this.log, { ...defaults, queuePolicy: policy });
      return stored;
    });
  }

  /** All that was saved is written down: `isWorthIt` when there is a page of it. */
  write(isWorthIt = true): void {
    const saved = this.#saved.splice(0);
    const read = (): MessageRecord[] =>
      saved.map(({ entry: { number }, delivery }) => ({
        entry: new Entry(number),
        delivery: new Delivery(delivery.publication, 1, false, undefined),
        packetId: undefined,
        received: false,
      }));
    const entries = saved.map(({ entry }) => entry);
    saved[0]!.shelf?.exchange(entries, isWorthIt ? read : undefined);
  }

  shiftAll(): string {
    let all = "";
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      assert.ok(next instanceof StoredDelivery);
      all += next.publication.text();
    }
    return all;
  }
}

Deno.test("Queue keeps a page in place of messages that were written down together", () => {
  const stage = new Stage(), { queue, tally } = stage, own = stage.add("abc");
  const { queuedBytes } = tally;
  stage.write();
  assert.equal(queue.size, 3);
  assert.equal(tally.queuedBytes, queuedBytes);
  const first = queue.shift() as StoredDelivery;
  assert.notEqual(first, own[0]);
  assert.equal(first.entry.number, own[0]!.entry.number);
  stage.add("d");
  assert.equal(queue.size, 3);
  assert.equal(stage.shiftAll(), "bcd");
  assert.equal(tally.queuedBytes, 0);
});

Deno.test("Queue keeps its order where some messages are pages and others are not", () => {
  const stage = new Stage();
  let expected = "";
  for (let round = 0; round < 26; round++) {
    const letter = String.fromCharCode(97 + round).repeat(1 + round % 5);
    stage.add(letter);
    stage.write(round % 3 !== 1);
    expected += letter;
    if (round % 7 !== 3) continue;
    assert.equal(stage.queue.shift()!.publication.text(), expected[0]);
    expected = expected.slice(1);
  }
  assert.equal(stage.queue.size, expected.length);
  assert.equal(stage.shiftAll(), expected);
  assert.equal(stage.tally.queuedBytes, 0);
});

Deno.test("Queue keeps messages as they are when one of them is on its way already", () => {
  const stage = new Stage();
  const [, second] = stage.add("abc");
  assert.equal(stage.queue.shift()!.publication.text(), "a");
  stage.write();
  assert.equal(stage.queue.shift(), second, "its own delivery, not one of a page");
  stage.add("de");
  stage.write();
  assert.equal(stage.shiftAll(), "cde");
  assert.equal(stage.tally.queuedBytes, 0);
});

Deno.test("Queue of the newest of each topic keeps no more memory than it counts", () => {
  const stage = new Stage(), limits = { ...defaults, queuePolicy: "conflate" } as const;
  for (let round = 0; round < 3; round++) {
    const publication = new Publication("t", copy(Uint8Array.of(round)), { qos: 1 });
    const stored = stage.log.entered(new Delivery(publication, 1, false, undefined));
    stage.queue.shelve(stored, stage.log, limits);
  }
  assert.deepEqual(stage.ended, [1, 2]);
  assert.ok(isLasting(stage.queue.shift()!.publication.payload));
});

Deno.test("Queue of the newest of each topic keeps messages as they are", () => {
  const stage = new Stage();
  stage.add("abc", "conflate");
  stage.write();
  stage.add("d", "conflate");
  assert.deepEqual(stage.ended, [1, 2, 3]);
  assert.equal(stage.shiftAll(), "d");
});

Deno.test("Queue keeps its order when others are taken out, or come before, between saving and writing", () => {
  const stage = new Stage();
  stage.add("xc");
  const taken = stage.queue.extract(({ publication }) => publication.text() === "x");
  assert.equal(taken.length, 1);
  stage.write();
  stage.add("de");
  stage.queue.follow([page("ab")], defaults);
  stage.write();
  stage.queue.follow([], defaults);
  assert.equal(stage.queue.size, 5);
  let all = "";
  for (let next = stage.queue.shift(); next !== undefined; next = stage.queue.shift()) {
    all += next.publication.text();
  }
  assert.equal(all, "abcde");
  assert.equal(stage.tally.queuedBytes, 0);
});

Deno.test("Queue that was cleared hears nothing of what was on its shelf", () => {
  const stage = new Stage();
  stage.add("abc");
  stage.queue.clear();
  stage.write();
  assert.equal(stage.queue.size, 0);
  stage.add("d");
  stage.write();
  assert.equal(stage.shiftAll(), "d");
  assert.equal(stage.tally.queuedBytes, 0);
});
