import assert from "node:assert/strict";
import { embeddedFiles, type FileSource } from "../../../../actors/web/files/file_source.ts";
import { files } from "../../../../actors/web/files/files.ts";
import { ask } from "../folder.ts";

const LONG = new Uint8Array(300_000).map((_, i) => i % 251);

const source = embeddedFiles({
  "index.html": "<h1>Hello</h1>",
  "sub/index.html": "below",
  "/sub/deep/film.bin": LONG,
  "sub/.secret": "s",
  "text.txt": "all work and no play\n".repeat(200),
  "text.txt.gz": "not older, so it is sent",
});

Deno.test("A25: files in memory are shown as those on a disk are", async () => {
  const site = files({ root: "/", source, listing: true });
  const page = await ask(site, "/");
  assert.equal(page.headers.get("content-type"), "text/html;charset=utf-8");
  assert.equal(await page.text(), "<h1>Hello</h1>");
  assert.equal((await ask(site, "/sub")).headers.get("location"), "/sub/");
  assert.equal(await (await ask(site, "/sub/")).text(), "below");
  const listed = await ask(site, "/sub/deep/", { accept: "application/json" });
  assert.deepEqual((await listed.json()).map(({ name }: { name: string }) => name), ["film.bin"]);
  const tag = page.headers.get("etag")!;
  assert.equal((await ask(site, "/", { "if-none-match": tag })).status, 304);
  assert.equal((await ask(site, "/", {}, "DELETE")).status, 405);
  const ready = await ask(site, "/text.txt", { "accept-encoding": "gzip" });
  assert.equal(ready.headers.get("content-encoding"), "gzip");
  assert.equal(await ready.text(), "not older, so it is sent");
});

Deno.test("A25: files in memory have ranges, also when they are long", async () => {
  const site = files({ root: "/sub", source, prefix: "/film" });
  const whole = await ask(site, "/film/deep/film.bin");
  assert.deepEqual(await whole.bytes(), LONG);
  const some = await ask(site, "/film/deep/film.bin", { range: "bytes=1000-270000" });
  assert.equal(some.status, 206);
  assert.deepEqual(await some.bytes(), LONG.slice(1000, 270_001));
  const many = await ask(site, "/film/deep/film.bin", { range: "bytes=0-1,-2" });
  assert.match(many.headers.get("content-type")!, /^multipart\/byteranges/);
  await many.body?.cancel();
});

Deno.test("A25: no path leads out of a root in memory, or to what is hidden", async () => {
  const site = files({ root: "/sub", source });
  for (
    const path of ["/../text.txt", "/..%2ftext.txt", "/.secret", "/none", "/deep/film.bin/x"]
  ) {
    assert.equal((await ask(site, path)).status, 404, path);
  }
});

Deno.test("A25: a source of one's own is asked, and need not be asked at once", async () => {
  const asked: string[] = [];
  const { statSync: _, ...rest } = {
    ...Deno,
    realPath: (path: string) => Promise.resolve(path),
    stat: (path: string) => {
      asked.push(path);
      const isDirectory = path === "/far";
      const mtime = new Date(0);
      return Promise.resolve({ isFile: !isDirectory, isDirectory, size: 3, mtime });
    },
    readFile: () => Promise.resolve(new TextEncoder().encode("far")),
  };
  const far: FileSource = rest;
  const site = files({ root: "/far", source: far });
  for (let time = 0; time < 2; time++) assert.equal(await (await ask(site, "/a")).text(), "far");
  assert.deepEqual(asked, ["/far/a", "/far/a"]);
});

Deno.test("A file that becomes shorter while it is packed does not pass for a whole one", async () => {
  const long = embeddedFiles({ "a.txt": "x".repeat(3 << 20) });
  let pieces = 0;
  const shrinking: FileSource = {
    realPath: (path) => long.realPath(path),
    stat: (path) => long.stat(path),
    readDir: (path) => long.readDir(path),
    readFile: (path) => long.readFile(path),
    async open(path) {
      const file = await long.open(path);
      const read = (into: Uint8Array) => ++pieces > 2 ? Promise.resolve(null) : file.read(into);
      return { ...file, read };
    },
  };
  const site = files({ root: "/", source: shrinking });
  const answer = await ask(site, "/a.txt", { "accept-encoding": "gzip" });
  assert.equal(answer.headers.get("content-encoding"), "gzip");
  await assert.rejects(answer.bytes(), /The file has become shorter than it was/);
});

Deno.test("A25: what cannot be embedded is refused", () => {
  const message = /Cannot embed "a\/b": "\/a" is there already, and is something else/;
  assert.throws(() => embeddedFiles({ a: "1", "a/b": "2" }), message);
  assert.throws(() => embeddedFiles({ "a/b": "1", a: "2" }), /Cannot embed "a": "\/a" is there/);
  assert.throws(() => embeddedFiles({ "": "1" }), /Cannot embed "": "\/" is there already/);
});
