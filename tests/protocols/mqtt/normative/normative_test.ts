import assert from "node:assert/strict";
import { specifications } from "./normative.ts";

/** Where tests that speak MQTT are. */
const folders = ["./", "../", "../packets/", "../broker/", "../../", "../../websocket/"];

async function namesOfTests(): Promise<Set<string>> {
  const names = new Set<string>();
  for (const folder of folders.map((each) => new URL(each, import.meta.url))) {
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.endsWith("_test.ts")) continue;
      const source = await Deno.readTextFile(new URL(name, folder));
      for (const [, test] of source.matchAll(/Deno\.test\(\s*"((?:[^"\\]|\\.)*)"/g)) {
        names.add(JSON.parse(`"${test}"`));
      }
      if (name !== "refusals_test.ts") continue;
      for (const [, what] of source.matchAll(/^\s*\[?\s*"([^"]+)",/gm)) {
        names.add(`decode() refuses ${what}`);
      }
    }
  }
  return names;
}

for (const { name, statements, tests, exempt } of specifications) {
  Deno.test(`Every statement of ${name} has a test, or a reason why it needs none`, () => {
    const missing = [...statements].filter((each) => !tests.has(each) && !exempt.has(each));
    const unknown = [...tests.keys(), ...exempt.keys()].filter((each) => !statements.has(each));
    const twice = [...tests.keys()].filter((each) => exempt.has(each));
    assert.deepEqual({ missing, unknown, twice }, { missing: [], unknown: [], twice: [] });
  });

  Deno.test(`Every test that is named for a statement of ${name} is there`, async () => {
    const names = await namesOfTests();
    const lost = [...tests].filter(([, test]) => !names.has(test));
    assert.deepEqual(lost, []);
  });
}
