import assert from "node:assert/strict";
import { BatchBuilder } from "../../../actors/store/batch.ts";
import { openDatabase } from "../../../actors/store/database.ts";
import { QueueReader } from "../../../actors/store/queues.ts";
import { Statements } from "../../../actors/store/statements.ts";
import { Entry } from "../../../protocols/journal.ts";
import { bytesOf } from "../../../protocols/mqtt/broker/queue.ts";
import { Delivery, Publication } from "../../../protocols/publication.ts";

Deno.test("A row that cannot be read does not stand in the way of those behind it", () => {
  const database = openDatabase(":memory:"), builder = new BatchBuilder(1), owner = 1;
  for (let number = 0; number < 600; number++) {
    builder.changes++;
    const publication = new Publication("a", Uint8Array.of(1), { qos: 1 });
    builder.segments.save(
      owner,
      new Entry(10 + number),
      new Delivery(publication, 1, false, undefined),
    );
  }
  new Statements(database).apply(builder.cut());
  database.exec("UPDATE segments SET messages = x'0000' WHERE first = 10 + 256");
  const faults: unknown[] = [];
  const reader = new QueueReader(database, (error) => void faults.push(error));
  assert.deepEqual([...reader.pages(owner, Infinity)].map(({ size }) => size), [256, 88]);
  assert.equal(reader.all(owner).length, 344);
  assert.equal(faults.length, 2);
  assert.match(String(faults[0]), /Cannot read message 266: 11 bytes are missing/);
  database.close();
});

Deno.test("A page counts what its messages will take once they are read", () => {
  const database = openDatabase(":memory:"), builder = new BatchBuilder(1), owner = 1;
  const properties = { userProperties: [["name", "x".repeat(1_000)]] as const };
  for (const [number, options] of [{}, { properties }, { contentType: "text/plain" }].entries()) {
    builder.changes++;
    const publication = new Publication("a/b", Uint8Array.of(number), { qos: 1, ...options });
    const delivery = new Delivery(publication, 1, false, undefined);
    builder.segments.save(owner, new Entry(10 + number), delivery);
  }
  new Statements(database).apply(builder.cut());
  const reader = new QueueReader(database, (error) => assert.fail(String(error)));
  const [page, ...more] = reader.pages(owner, Infinity);
  assert.deepEqual(more, []);
  const publications = page!.read().map(({ delivery }) => delivery.publication);
  assert.equal(page!.size, 3);
  assert.equal(page!.bytes, publications.reduce((sum, each) => sum + bytesOf(each), 0));
  assert.ok(page!.bytes > 1_000);
  database.close();
});
