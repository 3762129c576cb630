import assert from "node:assert/strict";
import { features, required } from "./features.ts";

/** Every text in quotes of every test file: the names of tests are among them. */
async function texts(): Promise<Set<string>> {
  const found = new Set<string>();
  const look = async (folder: URL): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await look(new URL(`${name}/`, folder));
      else if (name.endsWith("_test.ts")) {
        const source = await Deno.readTextFile(new URL(name, folder));
        for (const [, quoted, open] of source.matchAll(/"((?:[^"\\\n]|\\.)*)"|`([^`\n]*)`/g)) {
          found.add(quoted ?? open!);
        }
      }
    }
  };
  await look(new URL("./", import.meta.url));
  return found;
}

Deno.test("Every test that is named for a feature is there", async () => {
  const names = await texts();
  assert.deepEqual(features.filter(([, test]) => !names.has(test)), []);
});

Deno.test("Every feature of the web server has a test", async () => {
  const covered = new Set(features.flatMap(([rows]) => rows.split(" ")));
  for (const name of await texts()) {
    const [, rows] = /^((?:[A-Z]\d+, )*[A-Z]\d+): /.exec(name) ?? [];
    for (const row of rows?.split(", ") ?? []) covered.add(row);
  }
  assert.deepEqual(required.filter((row) => !covered.has(row)), []);
});
