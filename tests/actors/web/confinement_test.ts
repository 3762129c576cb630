import assert from "node:assert/strict";
import { files } from "../../../actors/web/files/files.ts";
import { gateway, http, tcp } from "../../../mod.ts";
import { Raw } from "../../gateway/raw.ts";
import { ask, Folder } from "./folder.ts";

Deno.test("G30: symbolic links lead to what is inside, and outside only when they may", async () => {
  await using folder = await Folder.make({
    "root/inside.txt": "in",
    "root/sub/x.txt": "x",
    "secret.txt": "out",
    "rooted/other.txt": "out",
  });
  const root = `${folder.path}/root`;
  await Deno.symlink("inside.txt", `${root}/near`);
  await Deno.symlink("../secret.txt", `${root}/far`);
  await Deno.symlink(folder.path, `${root}/sub/up`);
  await Deno.symlink("loop", `${root}/loop`);
  await Deno.symlink("../rooted", `${root}/sibling`);
  const site = files({ root, listing: true });
  assert.equal(await (await ask(site, "/near")).text(), "in");
  for (const path of ["/far", "/sub/up/", "/sub/up/secret.txt", "/loop", "/sibling/other.txt"]) {
    assert.equal((await ask(site, path)).status, 404, path);
  }
  const listed = await (await ask(site, "/", { accept: "application/json" })).json();
  assert.deepEqual(
    listed.map(({ name }: { name: string }) => name),
    ["sub", "inside.txt", "near"],
  );
  const open = files({ root, outsideLinks: true });
  assert.equal(await (await ask(open, "/far")).text(), "out");
});

Deno.test(
  "G30: pipes and sockets are not read",
  { ignore: Deno.build.os === "windows" },
  async () => {
    await using folder = await Folder.make({});
    await new Deno.Command("mkfifo", { args: [`${folder.path}/pipe`] }).output();
    assert.equal((await ask(files({ root: folder.path }), "/pipe")).status, 404);
  },
);

/** Request targets as a client sends them, unchanged. */
const targets = [
  "/../secret.txt",
  "/sub/../../secret.txt",
  "/%2e%2e/secret.txt",
  "/%2e%2e%2fsecret.txt",
  "/%252e%252e%252fsecret.txt",
  "/..%5csecret.txt",
  "/..\\secret.txt",
  "/....//secret.txt",
  "/sub/..%00/secret.txt",
  "/%c0%ae%c0%ae/secret.txt",
  "//secret.txt",
  "/file:///etc/passwd",
  "/sub/%2e%2e/%2e%2e/secret.txt",
  "/.../secret.txt",
  "/inside.txt.",
  "/inside.txt%20",
  "/inside.txt%00.html",
  "/nul",
  "/CON.txt",
];

Deno.test("G30: no request target reaches what is outside the root", async () => {
  await using folder = await Folder.make({
    "root/sub/x": "",
    "root/inside.txt": "in",
    "secret.txt": "S",
  });
  await using hub = gateway();
  hub.handle("/*", files({ root: `${folder.path}/root`, listing: true }));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  for (const target of targets) {
    const raw = await Raw.dial(port);
    await raw.send(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    const answer = await raw.rest();
    raw.close();
    assert.match(answer, /^HTTP\/1\.1 40[04] /, target);
  }
});
