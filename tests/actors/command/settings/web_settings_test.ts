import assert from "node:assert/strict";
import { FakeHost } from "../fakes.ts";

Deno.test("G31: settings of a web site hold for all HTTP listeners, and a listener's own win", async () => {
  const config = {
    listen: ["http:", "mqtt:", { url: "any:", web: { root: "/srv/own", listing: true } }],
    web: { root: "www", hidden: "**.bak$", rewrites: { "/a": "b", "%80": "https://h" } },
  };
  const host = new FakeHost({
    "conf/m.json": JSON.stringify(config),
    "conf/www/": "",
    "/srv/own/": "",
  });
  assert.equal(await host.run("--config", "conf/m.json"), 0, host.err.join());
  const shared = { hidden: "**.bak$", rewrites: { "/a": "conf/b", "%80": "https://h" } };
  assert.deepEqual(host.settings!.listen.map(({ web }) => web), [
    { root: "conf/www", ...shared },
    undefined,
    { root: "/srv/own", listing: true, ...shared },
  ]);
});

Deno.test("G1: without a root no site is there, and --root wins over the file", async () => {
  const none = new FakeHost({});
  assert.equal(await none.run("--listen", "http:"), 0);
  assert.equal(none.settings!.listen[0]!.web, undefined);
  const host = new FakeHost({
    "m.json": '{ "web": { "root": "www", "listing": true } }',
    "here/": "",
  });
  assert.equal(await host.run("--config", "m.json", "--listen", "http:", "--root", "here"), 0);
  assert.deepEqual(host.settings!.listen[0]!.web, { root: "here", listing: true });
});

Deno.test("folders and files of a web site that are not there are named before anything starts", async () => {
  const web = {
    root: "no",
    upload: { path: "/up", folder: "m.json" },
    dav: { root: "none", auth: "users" },
    protect: [{ path: "/a", perDirectory: ".users" }, { path: "/b", file: "digests" }],
  };
  const host = new FakeHost({ "m.json": JSON.stringify({ listen: ["http:", "any:"], web }) });
  assert.equal(await host.run("check", "--config", "m.json"), 1);
  assert.deepEqual(host.err.map((line) => line.replace(/^m\.json:1:\d+: /, "")), [
    'web.root: Cannot use "no": there is no such file or folder',
    'web.upload.folder: Cannot use "m.json": it is a file, not a folder',
    'web.dav.root: Cannot use "none": there is no such file or folder',
    'web.dav.auth: Cannot use "users": there is no such file or folder',
    'web.protect[1].file: Cannot use "digests": there is no such file or folder',
  ]);
});

Deno.test("settings of a web site that are wrong are refused", async () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ headers: { "X-A": "a\nb" } }, /web\.headers\["X-A"\]|web\.headers\.X-A.*one line/],
    [{ headers: { Date: "now" } }, /Cannot use the key "Date"/],
    [{ errors: { 200: "/x" } }, /give a status from 400 to 599/],
    [{ rewrites: { docs: "x" } }, /give a pattern of paths such as \/docs/],
    [{ types: [] }, /give an object in \{\}/],
    [{ index: [] }, /at least one entry/],
    [{ protect: [{ path: "/a" }] }, /web\.protect\[0\]: Missing "file", or "perDirectory"/],
    [{ protect: [{ perDirectory: ".users" }] }, /web\.protect\[0\]: Missing "file"/],
  ];
  for (const [web, line] of cases) {
    const host = new FakeHost({ "m.json": JSON.stringify({ listen: ["http:"], web }) });
    assert.equal(await host.run("--config", "m.json"), 2);
    assert.match(host.err.join(), line);
  }
});
