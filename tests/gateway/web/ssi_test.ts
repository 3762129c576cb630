import assert from "node:assert/strict";
import type { SsiOptions } from "../../../mod.ts";
import { script, ScriptSite } from "./scripts.ts";

const windows = Deno.build.os === "windows";

function test(name: string, fn: () => Promise<void>, ignore = false): void {
  Deno.test({ name, ignore, sanitizeOps: true, sanitizeResources: true, fn });
}

/** A site, and the page at `/` that is this text. */
async function page(
  text: string,
  files: Record<string, string> = {},
  options: Partial<SsiOptions> = {},
): Promise<string> {
  await using site = await ScriptSite.open({ ...files, "sub/index.shtml": text }, options);
  const [status, shown] = await site.get("/sub/");
  assert.equal(status, 200);
  return shown;
}

test("G7: pages are those of the pattern, itself or as an index file", async () => {
  const text = 'a<!--#include "b.txt" -->c';
  const files = { "p.shtml": text, "p.shtm": text, "p.html": text, "p.txt": text, "b.txt": "B" };
  await using site = await ScriptSite.open({ ...files, "sub/index.shtml": "<!--#x -->index" });
  assert.deepEqual(await site.get("/p.shtml"), [200, "aBc"]);
  assert.deepEqual(await site.get("/p.shtm"), [200, "aBc"]);
  assert.deepEqual(await site.get("/p.html"), [200, text]);
  assert.deepEqual(await site.get("/sub/"), [200, "index"]);
  const answer = await fetch(`${site.url}/p.shtml`, { method: "HEAD" });
  assert.equal(answer.headers.get("content-type"), "text/html;charset=utf-8");
  assert.equal(answer.headers.get("cache-control"), "no-cache");
  assert.equal(answer.headers.get("etag"), null);
  assert.equal((await site.get("/p.shtml", { method: "POST" }))[0], 405);
  await using own = await ScriptSite.open(files);
  assert.deepEqual(await own.get("/none.shtml"), [404, "Cannot find /none.shtml\n"]);
});

test("G8: include takes files from the root, beside the page and by their place on the disk", async () => {
  const files = { "a.txt": "A", "sub/b.txt": "B", "sub/deep/c.txt": "C", "a b.txt": "spaced" };
  assert.equal(await page('<!--#include virtual="/a.txt" -->', files), "A");
  assert.equal(await page('<!--#include virtual="a%20b.txt" -->', files), "spaced");
  assert.equal(await page('<!--#include file="b.txt" -->', files), "B");
  assert.equal(await page('<!--#include "deep/c.txt" -->', files), "C");
  assert.equal(await page('<!--#include file="../a b.txt" -->', files), "spaced");
  await using site = await ScriptSite.open({ "a.txt": "A" });
  const { path } = site.folder;
  await site.folder.write("p.shtml", `<!--#include abspath="${path}/a.txt" -->`);
  assert.deepEqual(await site.get("/p.shtml"), [200, "A"]);
});

test("G8: no include leads out of the root, or to what is hidden", async () => {
  await using site = await ScriptSite.open({ ".secret": "S", "a.txt": "A" });
  if (!windows) await Deno.symlink("/etc/passwd", `${site.folder.path}/link.txt`);
  const paths = [
    ["virtual", "/../../etc/passwd"],
    ["virtual", "/%2e%2e/etc/passwd"],
    ["virtual", "/.secret"],
    ["virtual", "/"],
    ["virtual", "/none"],
    ["file", "../../../../../../etc/passwd"],
    ["file", "/etc/passwd"],
    ["file", "link.txt"],
    ["file", ".secret"],
    ["file", "a.txt\0"],
    ["abspath", "/etc/passwd"],
    ["abspath", `${site.folder.path}/../../etc/passwd`],
    ["abspath", `${site.folder.path}/.secret`],
    ["abspath", `${site.folder.path}`],
    ["abspath", `${site.folder.path}-other/a.txt`],
  ];
  for (const [base, path] of paths) {
    await site.folder.write("p.shtml", `<!--#include ${base}="${path}" -->`);
    const [status, text] = await site.get("/p.shtml");
    assert.equal(status, 200);
    assert.match(text, /^\[cannot include /, path);
    assert.doesNotMatch(text, /root:|^S/);
  }
});

test("G8: includes are bounded in depth, in number and in bytes", async () => {
  const circle = await page('x<!--#include virtual="/sub/index.shtml" -->y');
  assert.equal(circle, `${"x".repeat(8)}[cannot include /sub/index.shtml]${"y".repeat(8)}`);
  const twice = '<!--#include virtual="/sub/index.shtml" -->';
  assert.ok((await page(twice.repeat(20))).length < 100_000);
  const many = await page('<!--#include virtual="/a.txt" -->'.repeat(300), { "a.txt": "A" });
  assert.equal(many.replace(/\[.*/, "").length, 256);
  await using site = await ScriptSite.open({
    "long.txt": "x".repeat(1 << 20),
    "p.shtml": '<!--#include virtual="/long.txt" -->'.repeat(5),
  });
  assert.deepEqual(await site.get("/p.shtml"), [500, "The page is longer than it may be\n"]);
});

test("G9: a script's answer is included, however the script is named", async () => {
  const files = {
    "a.cgi": script("echo $REQUEST_METHOD $QUERY_STRING"),
    "bad.cgi": script("", "Status: 500\nContent-Type: text/plain\n"),
    "circle.cgi": script("", "Location: /p.shtml\n"),
    "p.shtml": '<!--#include virtual="/circle.cgi" -->',
  };
  for (const path of ['virtual="/a.cgi?x=1"', 'virtual="a.cgi?x=1"']) {
    assert.equal(await page(`[<!--#include ${path} -->]`, files), "[GET x=1\n]");
  }
  assert.equal(await page('[<!--#include file="../a.cgi" -->]', files), "[GET\n]");
  assert.equal(
    await page('<!--#include virtual="/bad.cgi" -->', files),
    "[cannot include /bad.cgi]",
  );
  await using site = await ScriptSite.open({ ...files, "flood.cgi": script("exec yes") });
  await site.folder.write("flood.shtml", '<!--#include virtual="/flood.cgi" -->');
  assert.equal((await site.get("/flood.shtml"))[0], 500);
}, windows);

test("G10: exec runs nothing unless it is switched on, and only what is listed", async () => {
  const text = '<!--#exec "echo a  b" -->,<!--#exec cmd="echo $HOME; id" -->,<!--#exec "id" -->';
  const no = "[cannot run a program]";
  assert.equal(await page(text), `${no},${no},${no}`);
  const commands = ["echo a  b", "echo $HOME; id"];
  assert.equal(await page(text, {}, { commands }), `${no},${no},${no}`);
  assert.equal(await page(text, {}, { exec: true }), `${no},${no},${no}`);
  // No shell reads it.
  assert.equal(await page(text, {}, { exec: true, commands }), `a b\n,$HOME; id\n,${no}`);
  const yes = { exec: true, commands: ["yes", "no-such-program"] };
  assert.equal(await page('<!--#exec "no-such-program" -->', {}, yes), no);
  await using site = await ScriptSite.open({ "p.shtml": '<!--#exec "yes" -->' }, yes);
  assert.equal((await site.get("/p.shtml"))[0], 500);
  assert.equal(site.running, 0);
}, windows);

test("G11: call asks a function, which knows the request, the file and its argument", async () => {
  const functions: SsiOptions["functions"] = {
    show: ({ request, file, argument }) =>
      `${new URL(request.url).pathname} ${file.split("/").at(-1)} (${argument})`,
    bytes: () => Promise.resolve(new Uint8Array([65, 66])),
    fault: () => {
      throw new Error("broken");
    },
  };
  const text =
    "<!--#call show a  b --><br><!--#call bytes -->,<!--#call fault -->,<!--#call no -->";
  assert.equal(
    await page(text, {}, { functions }),
    "/sub/ index.shtml (a  b)<br>AB,[cannot call fault],[cannot call no]",
  );
  assert.equal(await page("<!--#call constructor -->"), "[cannot call constructor]");
});

test("G11: call topic shows the stored value of a topic as text", async () => {
  await using site = await ScriptSite.open({
    "p.shtml": "<b><!--#call topic room/<x> --></b><!--#call topic none -->",
  });
  site.hub.publish("room/<x>", "<script>'&\"", { retain: true });
  const [, text] = await site.get("/p.shtml");
  assert.equal(text, "<b>&#60;script&#62;&#39;&#38;&#34;</b>");
});

test("G12: unknown directives are ignored", async () => {
  assert.equal(await page('a<!--#echo var="X" -->b<!--#config x -->c'), "abc");
});
