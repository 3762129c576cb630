import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { gateway, Log, mqtt, sqliteStore, tcp } from "../../../mod.ts";
import { APPLICATION_ID, migrations } from "../../../actors/store/migrations.ts";
import { backupStore, exportStore } from "../../../actors/store/transfer.ts";
import { dialMqtt } from "../../interop/mqtt_client.ts";

const log = new Log({ sink: () => {} });

/** A store of the first version: each message that waits is a row. */
function writeFirst(file: string, count: number): void {
  const database = new DatabaseSync(file);
  database.exec(migrations[0] as string);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1;
    INSERT INTO sessions VALUES (1, 's', NULL, 4294967295, NULL, 0, NULL, NULL);
    INSERT INTO subscriptions VALUES (1, 'a', 2, NULL)`);
  const save = database.prepare(
    "INSERT INTO messages VALUES (?, 1, 'a', ?, ?, 1732147200000, ?, ?, ?)",
  );
  // Delivered at the publisher's QoS: 2, then 1.
  const exactly = 2 | 2 << 3, once = 1 | 1 << 3, extra = '{"contentType":"text/plain"}';
  save.run(5, new TextEncoder().encode("owned"), exactly, null, 7, 1);
  save.run(6, new TextEncoder().encode("sent"), exactly, null, 9, 0);
  for (let number = 10; number < 10 + count; number++) {
    save.run(number, new TextEncoder().encode(`m${number}`), once, extra, null, 0);
  }
  database.close();
}

function rowsOf(file: string): unknown[] {
  return [...exportStore(file)].map((line) => JSON.parse(line));
}

Deno.test("A store of the first version goes on with all that waits, as it was", async () => {
  const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`, count = 1000;
  writeFirst(file, count);
  const before = rowsOf(file);
  assert.equal(before.length, 5 + count);
  const hub = gateway({ log, store: sqliteStore(file) });
  const { port } = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
  assert.deepEqual(rowsOf(file), before, "what is exported is the same");
  const client = await dialMqtt(port, { clientId: "s", clean: false });
  assert.deepEqual(await client.next(), {
    type: "pubrel",
    packetId: 7,
    reason: 0,
    properties: undefined,
  });
  const seen: string[] = [];
  while (seen.length < 1 + count) {
    const packet = await client.next();
    if (packet.type !== "publish") continue;
    seen.push(new TextDecoder().decode(packet.payload));
    if (packet.qos === 2) assert.equal(packet.packetId, 9);
    else void client.acknowledge(packet.packetId);
  }
  assert.equal(seen[0], "sent");
  assert.deepEqual(seen.slice(1), Array.from({ length: count }, (_, at) => `m${10 + at}`));
  await client.close();
  await hub.stop({ drainMs: 0 });
  const database = new DatabaseSync(file);
  assert.equal(database.prepare("PRAGMA integrity_check").get()!.integrity_check, "ok");
  assert.equal(
    database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'messages'").get(),
    undefined,
  );
  database.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("A backup of a store of the first version can be used", async () => {
  const folder = await Deno.makeTempDir(), file = `${folder}/a.db`, copy = `${folder}/b.db`;
  writeFirst(file, 3);
  await backupStore(file, copy);
  assert.deepEqual(rowsOf(copy), rowsOf(file));
  await Deno.remove(folder, { recursive: true });
});
