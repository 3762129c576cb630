import assert from "node:assert/strict";
import { Fields } from "../../../../protocols/http/messages/message.ts";

Deno.test("Fields keeps order and compares names without case", () => {
  const fields = new Fields([["A", "1"], ["b", "2"], ["a", "3"]]);
  assert.equal(fields.get("a"), "1, 3");
  assert.equal(fields.get("b"), "2");
  assert.equal(fields.get("c"), undefined);
  assert.equal(fields.has("b"), true);
  assert.equal(fields.has("c"), false);
  assert.equal(fields.size, 3);
  assert.deepEqual([...fields], [["a", "1"], ["b", "2"], ["a", "3"]]);
});

Deno.test("Fields replaces all fields of a name by one", () => {
  const fields = new Fields([["a", "1"], ["b", "2"], ["a", "3"]]);
  fields.set("a", "4");
  assert.deepEqual([...fields], [["b", "2"], ["a", "4"]]);
});
