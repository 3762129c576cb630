import assert from "node:assert/strict";
import { BatchBuilder } from "../../../actors/store/batch.ts";
import { openDatabase } from "../../../actors/store/database.ts";
import { HistoryReader } from "../../../actors/store/history.ts";
import { Statements } from "../../../actors/store/statements.ts";
import { Publication } from "../../../protocols/publication.ts";

const rule = { filter: "a/#", keepMs: Infinity, max: Infinity };

/** Three messages that the database has, of which nobody has said so yet. */
function written(): { reader: HistoryReader; close: () => void } {
  const database = openDatabase(":memory:"), builder = new BatchBuilder(1);
  const reader = new HistoryReader(database, [rule]);
  for (const number of [1, 2, 3]) {
    const publication = new Publication("a/b", Uint8Array.of(number), { time: number });
    const length = builder.keep(publication.payload);
    builder.add("saveHistory", [number, rule.filter, "a/b", length, 0, number, null]);
    reader.add(publication, number, 1);
  }
  new Statements(database).apply(builder.cut());
  return { reader, close: () => database.close() };
}

for (const filter of ["a/b", "a/+"]) {
  Deno.test(`The past of ${filter} is the newest messages in their order, each once`, () => {
    const { reader, close } = written();
    const past = (limit: number) =>
      reader.read(filter, { since: 0, limit }, 10).map(({ payload }) => payload[0]);
    assert.deepEqual(past(10), [1, 2, 3]);
    assert.deepEqual(past(2), [2, 3]);
    reader.committed(1);
    assert.deepEqual(past(2), [2, 3]);
    close();
  });
}
