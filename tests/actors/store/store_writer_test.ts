import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { BatchBuilder } from "../../../actors/store/batch.ts";
import type { WriterAnswer } from "../../../actors/store/messages.ts";
import { StoreWriter } from "../../../actors/store/store_writer.ts";

function retained(batch: number, topic: string, bytes: number) {
  const builder = new BatchBuilder(batch);
  const length = builder.keep(new Uint8Array(bytes).fill(batch));
  builder.add("saveRetained", [topic, length, 1, 0, null]);
  return builder.build();
}

Deno.test("StoreWriter writes a batch whole or not at all, and says how many are left", async () => {
  const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
  const answers: WriterAnswer[] = [];
  const writer = new StoreWriter((answer) => void answers.push(answer));
  writer.take({ kind: "open", file, fsync: false, maxPages: 64, retryMs: 3_600_000 });
  writer.take(retained(1, "small", 100));
  writer.take(retained(2, "large", 1_000_000));
  writer.take(retained(3, "small", 200));
  assert.deepEqual(answers.map(({ kind }) => kind), ["open", "committed", "failed", "failed"]);
  const other = new DatabaseSync(file);
  assert.equal(other.prepare("SELECT length(payload) AS n FROM retained").get()!.n, 100);
  other.close();
  writer.take({ kind: "close" });
  assert.deepEqual(answers.slice(-2).map(({ kind }) => kind), ["failed", "closed"]);
  assert.deepEqual(answers.at(-1), { kind: "closed", unwritten: 2 });
  await Deno.remove(folder, { recursive: true });
});

for (const end of ["", "-wal"]) {
  Deno.test(`StoreWriter says so while its file${end} is not where it was, and then goes on`, async () => {
    const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
    const heard: string[] = [];
    let tell = Promise.withResolvers<void>();
    const writer = new StoreWriter((answer) => {
      heard.push(answer.kind === "failed" ? answer.reason : answer.kind);
      if (answer.kind === "committed") tell.resolve();
    });
    writer.take({ kind: "open", file, fsync: false, maxPages: 0, retryMs: 5 });
    writer.take(retained(1, "before", 100));
    await tell.promise;
    assert.deepEqual(heard.splice(0), ["open", "committed"]);
    Deno.renameSync(file + end, `${folder}/elsewhere`);
    tell = Promise.withResolvers();
    writer.take(retained(2, "meanwhile", 100));
    assert.match(heard.splice(0).join(), new RegExp(`meerkat.db${end} was taken away or replaced`));
    Deno.copyFileSync(`${folder}/elsewhere`, file + end);
    writer.take(retained(3, "another", 100));
    assert.match(heard.splice(0).join(), /was taken away or replaced/);
    Deno.renameSync(`${folder}/elsewhere`, file + end);
    await tell.promise;
    writer.take({ kind: "close" });
    assert.equal(heard.at(-1), "closed");
    const database = new DatabaseSync(file);
    assert.equal(database.prepare("SELECT count(*) AS n FROM retained").get()!.n, 3);
    database.close();
    await Deno.remove(folder, { recursive: true });
  });
}
