import assert from "node:assert/strict";
import { connect } from "node:net";
import { Folder } from "../../actors/web/folder.ts";
import { Child, run } from "../../interop/child.ts";
import { eventually } from "../../interop/patience.ts";
import { program, testWith } from "../../interop/programs.ts";
import { start } from "../meerkat.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A gateway whose folder `www` can be changed. */
async function site(folder: Folder, web: Record<string, unknown>): Promise<[Child, number]> {
  await folder.write("www/", "");
  const settings = { listen: ["http://127.0.0.1:0"], web };
  await folder.write("meerkat.json", JSON.stringify(settings));
  const child = start(["--config", `${folder.path}/meerkat.json`]);
  const [line] = await child.linesFrom(0, 1);
  return [child, Number(/:(\d+)$/.exec(line!)![1])];
}

async function curl(...args: string[]): Promise<string> {
  return text((await run(program("curl"), "-sS", ...args)).stdout);
}

const open = { root: "www", dav: { root: "www", auth: "-" } };
const STATUS = ["-o", "/dev/null", "-w", "%{http_code}"];

testWith(["litmus"], "G21: litmus passes each of its tests of WebDAV", async () => {
  await using folder = await Folder.make({});
  const [child, port] = await site(folder, open);
  await using _ = child;
  const args = ["-k", `http://127.0.0.1:${port}/`];
  await using litmus = new Child(program("litmus"), args, { cwd: folder.path });
  const ended = await litmus.ended();
  const said = text(ended.stdout);
  const summaries = [...said.matchAll(/summary for `(\w+)': of (\d+) tests run: (\d+) passed/g)];
  assert.deepEqual(summaries.map(([, name]) => name), [
    "basic",
    "copymove",
    "props",
    "locks",
    "http",
  ]);
  for (const [summary, , all, passed] of summaries) assert.equal(passed, all, summary);
  assert.doesNotMatch(said, /WARNING|FAIL|SKIPPED/);
  assert.equal(ended.code, 0);
});

testWith(["cadaver"], "G21: cadaver puts, lists, locks, moves and removes", async () => {
  await using folder = await Folder.make({ "note.txt": "Hello!" });
  const [child, port] = await site(folder, { dav: { root: "www", auth: "-", prefix: "/dav" } });
  await using _ = child;
  await using cadaver = new Child(program("cadaver"), [`http://127.0.0.1:${port}/dav/`], {
    cwd: folder.path,
    env: { HOME: folder.path },
  });
  const commands = [
    "mkcol sub",
    "put note.txt",
    "lock note.txt",
    "propset note.txt colour green",
    "propget note.txt colour",
    "unlock note.txt",
    "copy note.txt sub/copy.txt",
    "move note.txt moved.txt",
    "ls",
    "get moved.txt got.txt",
    "delete moved.txt",
    "quit",
  ];
  await cadaver.write(commands.join("\n") + "\n");
  await cadaver.closeInput();
  const said = text((await cadaver.ended()).stdout);
  assert.doesNotMatch(said, /failed|error/i);
  assert.match(said, /green/);
  assert.match(said, /Coll: +sub[\s\S]*moved\.txt +6 /);
  assert.equal(await Deno.readTextFile(`${folder.path}/got.txt`), "Hello!");
  assert.equal(await Deno.readTextFile(`${folder.path}/www/sub/copy.txt`), "Hello!");
  const left = await Array.fromAsync(Deno.readDir(`${folder.path}/www`));
  assert.deepEqual(left.map(({ name }) => name), ["sub"]);
});

testWith(
  ["curl", "htdigest"],
  "G20: users of a file may, others and files without may not",
  async () => {
    await using folder = await Folder.make({});
    await using digest = new Child(program("htdigest"), [
      "-c",
      `${folder.path}/users`,
      "meerkat",
      "ann",
    ]);
    await digest.write("pw\npw\n");
    assert.equal((await digest.ended()).code, 0);
    const dav = { root: "www", auth: "users", prefix: "/dav" };
    const [child, port] = await site(folder, { dav });
    await using _ = child;
    const url = `http://127.0.0.1:${port}/dav/a.txt`,
      put = ["-X", "PUT", "-d", "1", ...STATUS, url];
    assert.equal(await curl(...put), "401");
    assert.equal(await curl("--digest", "-u", "ann:no", ...put), "401");
    assert.equal(await curl("--digest", "-u", "ann:pw", ...put), "201");
    assert.equal(await curl(...STATUS, url), "401");
    assert.equal(await curl("--digest", "-u", "ann:pw", url), "1");
  },
);

testWith(["curl"], "G19, G20: WebDAV is off unless it has both a root and logins", async () => {
  for (
    const [dav, status] of [[undefined, "405"], [{ root: "www" }, "403"], [{ auth: "-" }, "403"]]
  ) {
    await using folder = await Folder.make({ "www/a.txt": "1" });
    const [child, port] = await site(folder, { root: "www", ...dav as object && { dav } });
    await using _ = child;
    const url = `http://127.0.0.1:${port}/a.txt`;
    assert.equal(await curl("-X", "DELETE", ...STATUS, url), status);
    assert.equal(await curl(url), "1");
  }
});

testWith(["curl"], "G21: a PUT that the client breaks off leaves nothing behind", async () => {
  await using folder = await Folder.make({ "www/a.txt": "old" });
  const [child, port] = await site(folder, open);
  await using _ = child;
  const names = async () =>
    (await Array.fromAsync(Deno.readDir(`${folder.path}/www`))).map(({ name }) => name);
  const socket = connect(port, "127.0.0.1");
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write("PUT /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  socket.write("x".repeat(100_000));
  await eventually("the temporary file", async () => (await names()).length === 2);
  assert.equal(await curl(`http://127.0.0.1:${port}/a.txt`), "old");
  socket.destroy();
  await closed;
  await eventually("its end", async () => (await names()).length === 1);
  assert.equal(await Deno.readTextFile(`${folder.path}/www/a.txt`), "old");
});
