import assert from "node:assert/strict";
import { gateway, Log, sqliteStore } from "../../../mod.ts";
import { BatchBuilder } from "../../../actors/store/batch.ts";
import { openDatabase } from "../../../actors/store/database.ts";
import { redoFile } from "../../../actors/store/redo.ts";
import { RedoLog } from "../../../actors/store/redo_log.ts";
import { backupStore, exportStore } from "../../../actors/store/transfer.ts";

const log = new Log({ sink: () => {} });

/** A store whose gateway was killed before the writer had its last batch. */
async function afterCrash(fn: (file: string) => Promise<void>, id?: number): Promise<void> {
  const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
  try {
    await gateway({ log, store: sqliteStore(file) }).stop();
    const database = openDatabase(file);
    const progress = database.prepare("SELECT batch, id FROM progress").get()!;
    database.close();
    const builder = new BatchBuilder(progress.batch as number + 1);
    builder.add("saveRetained", [
      "door",
      builder.keep(new TextEncoder().encode("open")),
      1,
      0,
      null,
    ]);
    const redo = new RedoLog(redoFile(file), id ?? progress.id as number);
    assert.ok(redo.append(builder.cut(), 0));
    redo.close();
    await fn(file);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function doorOf(file: string): Promise<string | undefined> {
  await using hub = gateway({ log, store: sqliteStore(file) });
  return await Promise.resolve(hub.retained("door")?.text());
}

Deno.test("What only the log has is there after a crash, once", () =>
  afterCrash(async (file) => {
    const left = await Deno.readFile(redoFile(file));
    assert.equal(await doorOf(file), "open");
    await assert.rejects(Deno.stat(redoFile(file)), Deno.errors.NotFound);
    {
      await using hub = gateway({ log, store: sqliteStore(file) });
      hub.publish("door", "shut", { retain: true });
    }
    // As if the log could not be removed at that time.
    await Deno.writeFile(redoFile(file), left);
    assert.equal(await doorOf(file), "shut");
  }));

Deno.test("The log of another store is not redone", () =>
  afterCrash(async (file) => assert.equal(await doorOf(file), undefined), 1));

Deno.test("What only the log has is exported", () =>
  afterCrash((file) => {
    assert.match([...exportStore(file)].join("\n"), /"topic":"door"/);
    return Promise.resolve();
  }));

Deno.test("What only the log has is in a backup, and later logs of the original are not", () =>
  afterCrash(async (file) => {
    const left = await Deno.readFile(redoFile(file)), copy = `${file}.copy`;
    const original = openDatabase(file);
    original.exec("DELETE FROM progress");
    original.exec("INSERT INTO progress VALUES (0, 77)");
    original.close();
    await backupStore(file, copy);
    assert.equal(await doorOf(copy), undefined);
    await Deno.writeFile(redoFile(copy), left);
    assert.equal(await doorOf(copy), undefined);
  }));

Deno.test("A stop leaves no log behind", async () => {
  const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
  {
    await using hub = gateway({ log, store: sqliteStore(file, { durability: "relaxed" }) });
    for (let count = 0; count < 100; count++) hub.publish(`t/${count}`, "1", { retain: true });
    await hub.stored();
    assert.ok((await Deno.stat(redoFile(file))).size > 0);
  }
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  assert.deepEqual(names, ["meerkat.db", "meerkat.db-lock"]);
  await using hub = gateway({ log, store: sqliteStore(file) });
  assert.equal(hub.retained("t/99")?.text(), "1");
  await hub.stop();
  await Deno.remove(folder, { recursive: true });
});
