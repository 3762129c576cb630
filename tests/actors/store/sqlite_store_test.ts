import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { gateway, Log, sqliteStore, type StoreOptions } from "../../../mod.ts";
import { migrations } from "../../../actors/store/migrations.ts";

const log = new Log({ sink: () => {} });

function storeTest(name: string, fn: (file: string) => Promise<void>): void {
  Deno.test({
    name,
    sanitizeOps: true,
    sanitizeResources: true,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await fn(`${folder}/meerkat.db`);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

function open(file: string, options?: StoreOptions) {
  return gateway({ log, store: sqliteStore(file, options) });
}

/** Says why a file cannot be used, and leaves it as it was. */
async function refuses(file: string, why: RegExp): Promise<void> {
  const before = await Deno.readFile(file);
  assert.throws(() => open(file), why);
  assert.deepEqual(await Deno.readFile(file), before);
}

for (const durability of ["strict", "relaxed", "none"] as const) {
  storeTest(
    `Stored values are there after a restart, with all they had: ${durability}`,
    async (file) => {
      const correlationData = Uint8Array.of(0, 255);
      const properties = { correlationData, userProperties: [["a", "b"]] as const };
      {
        await using hub = open(file, { durability });
        hub.publish("a/b", "1", { retain: true, qos: 1 });
        hub.publish("a/b", "2", { retain: true, qos: 2, contentType: "text/plain", properties });
        hub.publish("gone", "1", { retain: true });
        hub.publish("gone", "", { retain: true });
        hub.publish("event", "1");
      }
      await using hub = open(file, { durability });
      const value = hub.retained("a/b")!;
      assert.equal(value.text(), "2");
      assert.equal(value.qos, 2);
      assert.equal(value.retain, true);
      assert.equal(value.contentType, "text/plain");
      assert.deepEqual([...value.properties!.correlationData!], [0, 255]);
      assert.deepEqual(value.properties!.userProperties, [["a", "b"]]);
      assert.equal(hub.retained("gone"), undefined);
      assert.equal(hub.retained("event"), undefined);
    },
  );
}

storeTest("A store of a later version is refused, and stays as it is", async (file) => {
  await open(file).stop();
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA user_version = ${migrations.length + 1}`);
  database.close();
  await refuses(file, /Cannot use .*: its version is \d+, and this gateway knows up to \d+; start/);
});

storeTest("Somebody else's database is refused, and stays as it is", async (file) => {
  const database = new DatabaseSync(file);
  database.exec("CREATE TABLE recipes (name TEXT)");
  database.close();
  await refuses(file, /it is a database, but not a store of this gateway/);
});

storeTest("What is no database is refused, and stays as it is", async (file) => {
  await Deno.writeTextFile(file, "Dear diary, ".repeat(1000));
  await refuses(file, /it is not a store, or is damaged; restore a backup, or move the file away/);
});

storeTest(
  "A store cut short anywhere is refused or read, but never takes the gateway along",
  async (file) => {
    {
      await using hub = open(file);
      for (let i = 0; i < 200; i++) hub.publish(`t/${i}`, "x".repeat(500), { retain: true });
    }
    const whole = await Deno.readFile(file);
    for (let length = 0; length < whole.length; length += 8192) {
      await Deno.writeFile(file, whole.subarray(0, length));
      for (const rest of ["-wal", "-shm"]) await Deno.remove(file + rest).catch(() => {});
      try {
        await open(file).stop();
      } catch (error) {
        assert.match((error as Error).message, /^Cannot use .*: it is (damaged|not a store)/);
        assert.equal((await Deno.stat(file)).size, length);
      }
    }
  },
);

storeTest("A store that is in use is refused, and free afterwards", async (file) => {
  {
    await using first = open(file);
    assert.throws(() => open(file), /another gateway is using it/);
    first.publish("a", "1", { retain: true });
  }
  await using second = open(file);
  assert.equal(second.retained("a")?.text(), "1");
});

storeTest("A store is the same by whatever link it is reached", async (file) => {
  const link = `${file}.link`;
  await open(file).stop();
  await Deno.symlink(file, link);
  {
    await using first = open(link, { durability: "relaxed" });
    assert.throws(() => open(file), /another gateway is using it/);
    first.publish("a", "1", { retain: true });
    await first.stored();
    assert.ok(
      (await Deno.stat(`${file}-redo`)).size > 0,
      "found by whoever starts without the link",
    );
  }
  await assert.rejects(Deno.stat(`${link}-lock`), Deno.errors.NotFound);
});

storeTest("A folder that is not there is named", (file) => {
  assert.throws(() => open(`${file}/no/where.db`));
  return Promise.resolve();
});

storeTest("A store without tables yet is like none", async (file) => {
  await Deno.writeFile(file, new Uint8Array(0));
  await using hub = open(file);
  assert.equal(hub.publish("a", "1", { retain: true }), "accepted");
});
