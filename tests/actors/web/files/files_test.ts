import assert from "node:assert/strict";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { files } from "../../../../actors/web/files/files.ts";
import { ask, Folder } from "../folder.ts";

const LONG = "all work and no play\n".repeat(200);

Deno.test("G1, G2: a directory shows its first index file, and redirects to its slash", async () => {
  await using folder = await Folder.make({
    "index.htm": "second",
    "sub/index.shtml": "third",
    "sub/home.txt": "own",
    "empty/": "",
    "a b/index.html": "spaced",
  });
  const site = files({ root: folder.path });
  assert.equal(await (await ask(site, "/")).text(), "second");
  assert.equal(await (await ask(site, "/sub/")).text(), "third");
  const redirect = await ask(site, "/sub?x=1");
  assert.deepEqual([redirect.status, redirect.headers.get("location")], [301, "/sub/?x=1"]);
  assert.equal((await ask(site, "/a%20b")).headers.get("location"), "/a%20b/");
  // Two slashes at the start would name another host.
  assert.equal((await ask(site, "//sub")).headers.get("location"), "/sub/");
  assert.equal((await ask(site, "/empty/")).status, 404);
  assert.equal((await ask(site, "/index.htm/")).status, 404);
  for (const prefix of ["/p", "/p/"]) {
    const below = files({ root: folder.path, prefix });
    assert.equal((await ask(below, "/p/sub")).headers.get("location"), "/p/sub/");
    assert.equal((await ask(below, "/sub/")).status, 404);
  }
  const own = files({ root: folder.path, index: ["home.txt"] });
  assert.equal(await (await ask(own, "/sub/")).text(), "own");
});

Deno.test("G29: a file has its type, length, tag and time, and HEAD tells the same", async () => {
  await using folder = await Folder.make({ "a.css": "b { }", "none.txt": "", "x": "?" });
  const site = files({ root: folder.path, types: { ".css": "text/x-css" } });
  const got = await ask(site, "/a.css");
  assert.deepEqual([got.status, await got.text()], [200, "b { }"]);
  assert.equal(got.headers.get("content-type"), "text/x-css");
  assert.match(got.headers.get("etag")!, /^"[\w-]+"$/);
  assert.ok(Math.abs(Date.parse(got.headers.get("last-modified")!) - Date.now()) < 60_000);
  const head = await ask(site, "/a.css", {}, "HEAD");
  assert.deepEqual([head.status, head.body], [200, null]);
  assert.deepEqual([...head.headers], [...got.headers]);
  assert.equal(await (await ask(site, "/none.txt")).text(), "");
  assert.equal((await ask(site, "/x")).headers.get("content-type"), "application/octet-stream");
});

Deno.test("G29: conditions are met with 304 and 412", async () => {
  await using folder = await Folder.make({ "a.txt": "a" });
  const site = files({ root: folder.path });
  const { headers } = await ask(site, "/a.txt");
  const etag = headers.get("etag")!, time = headers.get("last-modified")!;
  const past = "Sun, 06 Nov 1994 08:49:37 GMT";
  const cases: [Record<string, string>, number][] = [
    [{ "if-none-match": etag }, 304],
    [{ "if-none-match": `W/${etag}, "x"` }, 304],
    [{ "if-none-match": "*" }, 304],
    [{ "if-none-match": '"x"', "if-modified-since": time }, 200],
    [{ "if-modified-since": time }, 304],
    [{ "if-modified-since": past }, 200],
    [{ "if-match": etag }, 200],
    [{ "if-match": `W/${etag}` }, 412],
    [{ "if-match": '"x"' }, 412],
    [{ "if-unmodified-since": past }, 412],
    [{ "if-unmodified-since": time }, 200],
  ];
  for (const [fields, status] of cases) {
    const answer = await ask(site, "/a.txt", fields);
    assert.equal(answer.status, status, JSON.stringify(fields));
    if (status === 304) {
      assert.equal(answer.headers.get("etag"), etag);
      assert.equal(answer.body, null);
    } else await answer.body?.cancel();
  }
});

Deno.test("G29: one range, several, none, and only of the same file", async () => {
  await using folder = await Folder.make({ "a.bin": "0123456789" });
  const site = files({ root: folder.path });
  const etag = (await ask(site, "/a.bin")).headers.get("etag")!;
  const one = await ask(site, "/a.bin", { range: "bytes=2-4", "if-range": etag });
  assert.deepEqual([one.status, await one.text()], [206, "234"]);
  assert.equal(one.headers.get("content-range"), "bytes 2-4/10");
  const other = await ask(site, "/a.bin", { range: "bytes=2-4", "if-range": '"other"' });
  assert.deepEqual([other.status, await other.text()], [200, "0123456789"]);
  const weak = await ask(site, "/a.bin", { range: "bytes=2-4", "if-range": `W/${etag}` });
  assert.deepEqual([weak.status, await weak.text()], [200, "0123456789"]);
  const beyond = await ask(site, "/a.bin", { range: "bytes=10-" });
  assert.deepEqual([beyond.status, beyond.headers.get("content-range")], [416, "bytes */10"]);
  const several = await ask(site, "/a.bin", { range: "bytes=0-1,-2" });
  const body = await several.text();
  assert.equal(several.status, 206);
  assert.equal(Number(several.headers.get("content-length")), body.length);
  const boundary = /^multipart\/byteranges; boundary=(.+)$/.exec(
    several.headers.get("content-type")!,
  )![1];
  const parts = body.split(`\r\n--${boundary}`);
  assert.deepEqual(parts.slice(1), [
    "\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes 0-1/10\r\n\r\n01",
    "\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes 8-9/10\r\n\r\n89",
    "--\r\n",
  ]);
});

Deno.test("G29: siblings that are compressed are sent, and text is compressed on its way", async () => {
  await using folder = await Folder.make({
    "page.html": LONG,
    "page.html.gz": "zipped",
    "other.txt": LONG,
    "short.txt": "short",
    "picture.png": LONG,
  });
  const site = files({ root: folder.path });
  const coding = async (path: string, accepted: string) => {
    const { headers } = await ask(site, path, { "accept-encoding": accepted });
    return [headers.get("content-encoding"), headers.get("vary")];
  };
  const ready = await ask(site, "/page.html", { "accept-encoding": "gzip" });
  assert.equal(await ready.text(), "zipped");
  assert.equal(ready.headers.get("content-type"), "text/html;charset=utf-8");
  assert.deepEqual(await coding("/page.html", "gzip"), ["gzip", "accept-encoding"]);
  assert.deepEqual(await coding("/other.txt", "gzip, br"), ["br", "accept-encoding"]);
  assert.deepEqual(await coding("/other.txt", "identity"), [null, "accept-encoding"]);
  assert.deepEqual(await coding("/short.txt", "gzip, br"), [null, "accept-encoding"]);
  assert.deepEqual(await coding("/picture.png", "gzip, br"), [null, null]);
  for (const [accepted, read] of [["gzip", gunzipSync], ["br", brotliDecompressSync]] as const) {
    const answer = await ask(site, "/other.txt", { "accept-encoding": accepted });
    assert.equal(read(await answer.bytes()).toString(), LONG);
    const etag = answer.headers.get("etag")!;
    assert.match(etag, /^W\//);
    const again = { "accept-encoding": accepted, "if-none-match": etag };
    assert.equal((await ask(site, "/other.txt", again)).status, 304);
  }
  // Ranges are of the file as it is.
  const range = await ask(site, "/other.txt", { "accept-encoding": "gzip", range: "bytes=0-2" });
  assert.deepEqual([range.headers.get("content-encoding"), await range.text()], [null, "all"]);
});

Deno.test("G29: a long text is compressed while it is sent", async () => {
  await using folder = await Folder.make({ "long.txt": LONG.repeat(300) });
  const answer = await ask(files({ root: folder.path }), "/long.txt", {
    "accept-encoding": "gzip",
  });
  assert.equal(answer.headers.get("content-encoding"), "gzip");
  assert.equal(gunzipSync(await answer.bytes()).toString(), LONG.repeat(300));
});

Deno.test("G6: a directory is listed when that is set, as a page and as JSON", async () => {
  await using folder = await Folder.make({ "d/b.txt": "12", "d/c/x": "", "d/.secret": "" });
  assert.equal((await ask(files({ root: folder.path }), "/d/")).status, 404);
  const site = files({ root: folder.path, listing: true });
  const page = await ask(site, "/d/");
  assert.equal(page.headers.get("content-type"), "text/html;charset=utf-8");
  const html = await page.text();
  assert.match(html, /<a href="\.\/b\.txt">/);
  assert.match(html, /<a href="\.\/c\/">/);
  assert.doesNotMatch(html, /secret/);
  const json = await (await ask(site, "/d/?sort=name", { accept: "application/json" })).json();
  assert.deepEqual(
    json.map(({ name, type, size }: Record<string, unknown>) => [name, type, size]),
    [["c", "directory", undefined], ["b.txt", "file", 2]],
  );
});

Deno.test("G22: what is hidden is neither listed nor there", async () => {
  await using folder = await Folder.make({
    "a.bak": "",
    "a.txt": "",
    ".htpasswd": "",
    ".git/config": "",
    ".well-known/acme": "",
    "private/x": "",
    "deep/b.BAK": "",
  });
  const site = files({ root: folder.path, listing: true, hidden: "**.bak$|/private" });
  const hidden = ["/a.bak", "/.htpasswd", "/.git/config", "/.git/", "/private/x", "/deep/b.BAK"];
  for (const path of hidden) assert.equal((await ask(site, path)).status, 404, path);
  for (const path of ["/a.txt", "/.well-known/acme"]) {
    assert.equal((await ask(site, path)).status, 200, path);
  }
  const listed = await (await ask(site, "/", { accept: "application/json" })).json();
  const names = listed.map(({ name }: { name: string }) => name);
  assert.deepEqual(names, [".well-known", "deep", "a.txt"]);
  const open = files({ root: folder.path, dotfiles: true });
  assert.equal((await ask(open, "/.htpasswd")).status, 200);
});

Deno.test("G28: extra headers are on every answer, and files can only be read", async () => {
  await using folder = await Folder.make({ "a.txt": "a" });
  const site = files({ root: folder.path, headers: { "access-control-allow-origin": "*" } });
  for (const path of ["/a.txt", "/none"]) {
    assert.equal((await ask(site, path)).headers.get("access-control-allow-origin"), "*");
  }
  const refused = await ask(site, "/a.txt", {}, "DELETE");
  assert.deepEqual([refused.status, refused.headers.get("allow")], [405, "GET, HEAD, OPTIONS"]);
  assert.equal(
    (await ask(site, "/a.txt", {}, "OPTIONS")).headers.get("allow"),
    "GET, HEAD, OPTIONS",
  );
});

Deno.test("F9: one file can be served alone", async () => {
  await using folder = await Folder.make({ "logo.svg": "<svg/>" });
  const site = files({ root: `${folder.path}/logo.svg`, prefix: "/logo" });
  const answer = await ask(site, "/logo");
  assert.deepEqual([answer.headers.get("content-type"), await answer.text()], [
    "image/svg+xml",
    "<svg/>",
  ]);
  assert.equal((await ask(site, "/logo/x")).status, 404);
});
