import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { Log } from "../../../actors/log.ts";
import type { Batch } from "../../../actors/store/batch.ts";
import { openDatabase } from "../../../actors/store/database.ts";
import { HistoryReader } from "../../../actors/store/history.ts";
import { Statements } from "../../../actors/store/statements.ts";
import { Store } from "../../../actors/store/store.ts";
import type { WriterThread } from "../../../actors/store/writer_thread.ts";
import { Publication } from "../../../protocols/publication.ts";

const log = new Log({ sink: () => {} });

/** A store whose writer takes everything and says nothing by itself. */
function withStore(
  fn: (store: Store, batches: Batch[], database: DatabaseSync) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const batches: Batch[] = [], database = openDatabase(":memory:");
    const writer = { write: (batch: Batch) => void batches.push(batch) };
    const past = new HistoryReader(database, [{ filter: "h/#", keepMs: Infinity, max: Infinity }]);
    const store = new Store({
      writer: writer as Partial<WriterThread> as WriterThread,
      log,
      redo: undefined,
      waits: true,
      mostBytes: 512 << 10,
      past,
      queue: () => undefined,
      now: () => 1,
    }, { next: 1, written: 0 });
    try {
      await fn(store, batches, database);
    } finally {
      database.close();
    }
  };
}

Deno.test(
  "Store records nothing of the past while it cannot be written",
  withStore(async (store, batches) => {
    const remember = () => store.saveHistory(new Publication("h/1", new Uint8Array(9)));
    remember();
    await Promise.resolve();
    assert.equal(batches.length, 1);
    store.answered({ kind: "failed", reason: "no room" });
    for (let count = 0; count < 1000; count++) remember();
    await Promise.resolve();
    assert.equal(store.describe().pending, 0);
    assert.equal(store.describe().unremembered, 1000);
    assert.equal(store.history("h/1", { since: 0, limit: 1000 })!.length, 1);
    store.answered({ kind: "committed", batch: 1 });
    remember();
    assert.equal(store.describe().pending, 1);
  }),
);

Deno.test(
  "Store takes nothing more while far too much waits for a slow disk",
  withStore(async (store, batches) => {
    const save = () =>
      store.saveRetained(new Publication("r", new Uint8Array(64 << 10), { retain: true }));
    save();
    await Promise.resolve();
    assert.equal(batches.length, 1);
    for (let count = 0; count < 8; count++) {
      assert.equal(store.failing, false);
      save();
    }
    assert.equal(store.failing, true);
    assert.equal(store.fault, undefined, "nothing is broken");
    store.answered({ kind: "committed", batch: 1 });
    assert.equal(batches.length, 2);
    assert.equal(store.failing, false);
  }),
);

Deno.test(
  "Store tells the newest of the past also before it has heard that it was written",
  withStore(async (store, batches, database) => {
    for (let number = 1; number <= 5; number++) {
      store.saveHistory(new Publication("h/1", Uint8Array.of(48 + number), { time: number }));
    }
    await Promise.resolve();
    new Statements(database).apply(batches[0]!);
    store.saveHistory(new Publication("h/1", Uint8Array.of(54), { time: 6 }));
    const newest = (limit: number) =>
      store.history("h/1", { since: 0, limit })!.map((each) => each.text()).join("");
    assert.equal(newest(1), "6");
    assert.equal(newest(3), "456");
    assert.equal(newest(100), "123456");
  }),
);
