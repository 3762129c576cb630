import assert from "node:assert/strict";
import { gateway, Log, sqliteStore } from "../../../mod.ts";
import { backupStore, exportStore, importStore } from "../../../actors/store/transfer.ts";

const log = new Log({ sink: () => {} });

async function* each(lines: Iterable<string>): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line);
}

async function inFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("A store is exported while it is used, and imported whole", () =>
  inFolder(async (folder) => {
    const file = `${folder}/a.db`, other = `${folder}/b.db`, copy = `${folder}/c.db`;
    await using hub = gateway({ log, store: sqliteStore(file) });
    hub.publish("text", "grün", { retain: true, contentType: "text/plain" });
    hub.publish("bytes", Uint8Array.of(0, 255), { retain: true });
    await hub.stored();
    const lines = [...exportStore(file)];
    assert.equal(lines[0], '{"store":"meerkat","version":1}');
    assert.match(lines.join("\n"), /"topic":"text".*"payload":"grün"/);
    assert.match(lines.join("\n"), /"topic":"bytes".*"payload":"AP8=","encoding":"base64"/);
    await backupStore(file, copy);
    await assert.rejects(backupStore(file, copy), /Cannot copy .* to .*: it is there already/);

    assert.equal(await importStore(other, each(lines)), 3);
    for (const name of [other, copy]) {
      await using again = gateway({ log, store: sqliteStore(name) });
      assert.equal(again.retained("text")?.text(), "grün");
      assert.equal(again.retained("text")?.contentType, "text/plain");
      assert.deepEqual([...again.retained("bytes")!.payload], [0, 255]);
    }
    await assert.rejects(
      importStore(other, each(lines)),
      /it is not empty; name a file that is new/,
    );
  }));

Deno.test("A file that is no store is refused with the reason, and nothing is left beside it", () =>
  inFolder(async (folder) => {
    const open = (file: string) => gateway({ log, store: sqliteStore(file) });
    const diary = `${folder}/diary`;
    await Deno.writeTextFile(diary, "Dear diary, ".repeat(100));
    assert.throws(() => open(diary), /it is not a store, or is damaged/);
    await Deno.mkdir(`${folder}/sub`);
    assert.throws(() => open(`${folder}/sub`), /it is a folder, not a file/);
    assert.throws(() => [...exportStore(`${folder}/sub`)], /it is a folder, not a file/);
    assert.throws(() => [...exportStore(`${folder}/none`)], /it is not there/);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["diary", "sub"]);
  }));

Deno.test("What is no export is refused, and nothing of it stays", () =>
  inFolder(async (folder) => {
    const file = `${folder}/a.db`, head = '{"store":"meerkat","version":1}';
    const faults: [string[], RegExp][] = [
      [[], /Cannot import line 1: it is missing/],
      [["{"], /Cannot import line 1: it is not the first line that export prints/],
      [['{"store":"x"}'], /line 1: it is not the first line that export prints/],
      [["null"], /line 1: it is not the first line that export prints/],
      [['{"store":"meerkat","version":99}'], /line 1: its version is 99, and this gateway takes 1/],
      [[head, '{"table":"recipes"}'], /line 2: there is no table "recipes"/],
      [[head, '{"table":"ids","x; DROP TABLE ids":1}'], /line 2: ids has no column/],
      [[head, '{"table":"ids","session":1}'], /line 2: packet_id of ids is missing/],
    ];
    for (const [lines, why] of faults) {
      await assert.rejects(importStore(file, each(lines)), why);
      assert.deepEqual([...Deno.readDirSync(folder)], [], "a new file is taken away again");
    }
    await gateway({ log, store: sqliteStore(file) }).stop();
    for (const [lines, why] of faults) {
      await assert.rejects(importStore(file, each(lines)), why);
    }
    assert.deepEqual([...exportStore(file)], [head]);
  }));
