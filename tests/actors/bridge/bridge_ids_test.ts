import assert from "node:assert/strict";
import { BridgeIds } from "../../../actors/bridge/bridge_ids.ts";
import type { Journal } from "../../../protocols/journal.ts";

Deno.test("BridgeIds writes down what is taken and released, and keeps nothing of an earlier session", () => {
  const said: string[] = [];
  const journal = {
    saveId: (key: number, id: number) => void said.push(`save ${key} ${id}`),
    endId: (key: number, id: number) => void said.push(`end ${key} ${id}`),
    touch: () => void said.push("touch"),
  } as Partial<Journal> as Journal;
  const ids = new BridgeIds({ journal, key: 3, messages: [], ids: [5] });
  const { session } = ids;
  ids.add(7, session);
  assert.deepEqual(ids.all, [5, 7]);
  ids.release(5);
  ids.release(5);
  assert.deepEqual(said.splice(0), ["save 3 7", "end 3 5", "touch"]);
  ids.clear();
  assert.deepEqual(said.splice(0), ["end 3 7"]);
  ids.add(8, session);
  assert.deepEqual(ids.all, []);
  assert.deepEqual(said, []);
});
