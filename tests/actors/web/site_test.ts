import assert from "node:assert/strict";
import { files } from "../../../actors/web/files/files.ts";
import { rewrites } from "../../../actors/web/rewrites.ts";
import { chain } from "../../../actors/web/site.ts";
import { ask, Folder } from "./folder.ts";

const failed = (error: unknown) => {
  throw error;
};

Deno.test("G14, G16: rewrites give paths and hosts a root of their own, the first that fits", async () => {
  await using folder = await Folder.make({
    "main/a.txt": "main",
    "docs/a.txt": "docs",
    "docs/index.html": "start",
    "shop/a.txt": "shop",
    "page.html": "page",
  });
  const at = (name: string) => `${folder.path}/${name}`;
  const rules = { "/docs": at("docs"), "/p$": at("page.html"), "@shop.example": at("shop") };
  const site = chain([
    rewrites(rules, { files: {}, port: 80 }),
    files({ root: at("main") }),
  ], { failed });
  const text = async (path: string) => (await ask(site, path)).text();
  assert.equal(await text("/a.txt"), "main");
  assert.equal(await text("/docs/a.txt"), "docs");
  assert.equal(await text("/DOCS/a.txt"), "docs");
  assert.equal((await ask(site, "/docs")).headers.get("location"), "/docs/");
  assert.equal(await text("/docs/"), "start");
  assert.equal((await ask(site, "/docsy/a.txt")).status, 404);
  assert.equal((await ask(site, "/docs/../page.html")).status, 404);
  assert.equal(await text("/p"), "page");
  const shop = new Request("http://Shop.Example:8080/a.txt");
  const info = {} as Parameters<typeof site>[1];
  assert.equal(await (await site(shop, info)).text(), "shop");
});

Deno.test("A rewrite of all that is left gives one page for every path, as the README says", async () => {
  await using folder = await Folder.make({ "assets/a.js": "script", "index.html": "page" });
  const at = (name: string) => `${folder.path}/${name}`;
  const rules = { "/assets": at("assets"), "/**": at("index.html") };
  const site = chain([rewrites(rules, { files: {}, port: 80 })], { failed });
  const said: [path: string, status: number, text?: string][] = [
    ["/", 200, "page"],
    ["/users/7", 200, "page"],
    ["/assets/a.js", 200, "script"],
    ["/assets/b.js", 404],
  ];
  for (const [path, status, text] of said) {
    const answer = await ask(site, path), body = await answer.text();
    assert.deepEqual([answer.status, text && body], [status, text], path);
  }
});

Deno.test("G17: a port redirects to a URL, with path and query", async () => {
  const rules = { "%80": "https://host.example/" };
  const site = chain([rewrites(rules, { files: {}, port: 80 })], { failed });
  const answer = await ask(site, "/a%20b?c=d");
  assert.equal(answer.status, 301);
  assert.equal(answer.headers.get("location"), "https://host.example/a%20b?c=d");
  const other = chain([rewrites(rules, { files: {}, port: 81 })], { failed });
  assert.equal((await ask(other, "/")).status, 404);
});

Deno.test("F10: errors have pages of the site, with their own status and fields", async () => {
  await using folder = await Folder.make({ "404.html": "<h1>Lost</h1>", "a.txt": "a" });
  const site = chain([files({ root: folder.path })], {
    failed,
    errors: { "404": "/404.html", "405": "/none.html" },
    headers: { "x-site": "mine" },
  });
  const lost = await ask(site, "/b.txt");
  assert.deepEqual([lost.status, await lost.text()], [404, "<h1>Lost</h1>"]);
  assert.equal(lost.headers.get("content-type"), "text/html;charset=utf-8");
  assert.equal(lost.headers.get("etag"), null);
  assert.equal(lost.headers.get("x-site"), "mine");
  const refused = await ask(site, "/a.txt", {}, "POST");
  assert.deepEqual([refused.status, refused.headers.get("allow")], [405, "GET, HEAD, OPTIONS"]);
  assert.match(await refused.text(), /^Cannot POST/);
});

Deno.test("F1: parts are asked in turn, and one that throws is 500 and heard of", async () => {
  const heard: unknown[] = [];
  const fault = new Error("broken");
  const site = chain([
    (request) => request.url.endsWith("/one") ? new Response("one") : undefined,
    (request) => {
      if (request.url.endsWith("/fault")) throw fault;
      return Promise.resolve(undefined);
    },
  ], { failed: (error) => heard.push(error) });
  assert.equal(await (await ask(site, "/one")).text(), "one");
  const none = await ask(site, "/none");
  assert.deepEqual([none.status, await none.text()], [404, "Cannot find /none\n"]);
  assert.equal((await ask(site, "/fault")).status, 500);
  assert.deepEqual(heard, [fault]);
});
