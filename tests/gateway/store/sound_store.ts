import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { exportStore, importStore } from "../../../actors/store/transfer.ts";

/** Fails where a store that nobody uses is damaged, or has anything that belongs to nothing. */
export async function isSound(file: string): Promise<void> {
  const copy = `${file}.copy`;
  // What is exported is looked at, row by row, when it is imported; this also redoes what a kill left.
  await importStore(copy, each(exportStore(file)));
  await Deno.remove(copy);
  const database = new DatabaseSync(file);
  try {
    const answer = database.prepare("PRAGMA integrity_check").get() as Record<string, string>;
    assert.deepEqual({ ...answer }, { integrity_check: "ok" });
    const strays = database.prepare(`SELECT * FROM marks WHERE NOT EXISTS (SELECT 1 FROM segments
      WHERE segments.owner = marks.owner AND number BETWEEN first AND last)`).all();
    assert.deepEqual(strays, [], "marks of messages that are not there");
  } finally {
    database.close();
  }
}

async function* each(lines: Iterable<string>): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line);
}
