import assert from "node:assert/strict";
import { directoryPage, orderOf, sizeInWords, sorted } from "../../../protocols/web/directory.ts";
import { escapeHtml } from "../../../protocols/web/html.ts";
import { acceptedEncodings } from "../../../protocols/web/encoding.ts";
import { isCompressible, mediaTypeOf } from "../../../protocols/web/media_types.ts";

Deno.test("G27: a file's type is that of its extension, unless another is set", () => {
  const cases: [string, string][] = [
    ["index.html", "text/html;charset=utf-8"],
    ["A.PNG", "image/png"],
    ["a.tar.gz", "application/gzip"],
    ["README", "application/octet-stream"],
    ["x.constructor", "application/octet-stream"],
    ["x.conf", "text/x-conf"],
  ];
  for (const [name, type] of cases) {
    assert.equal(mediaTypeOf(name, { ".conf": "text/x-conf" }), type, name);
  }
  assert.equal(mediaTypeOf("a.html", { ".html": "text/plain" }), "text/plain");
  const compressible = ["text/css", "application/json", "image/svg+xml", "application/ld+json"];
  for (const type of compressible) assert.ok(isCompressible(type), type);
  for (const type of ["image/png", "application/zip", "video/mp4"]) {
    assert.ok(!isCompressible(type), type);
  }
});

Deno.test("G29: a client's codings are taken in its order of preference", () => {
  const cases: [string | null, string[]][] = [
    [null, []],
    ["", []],
    ["gzip", ["gzip"]],
    ["gzip, deflate, br", ["br", "gzip"]],
    ["gzip;q=1.0, br;q=0.5", ["gzip", "br"]],
    ["gzip;q=0, *", ["br"]],
    ["identity", []],
    ["br;q=0", []],
    ["GZIP; q=0.1", ["gzip"]],
    ["br;q=x", []],
  ];
  for (const [field, expected] of cases) {
    assert.deepEqual(acceptedEncodings(field), expected, `${field}`);
  }
});

Deno.test("G6: a listing is sorted as asked, directories first, and shows names as they are", () => {
  const entries = [
    { name: "b.txt", type: "file", size: 10, modified: 3_000 },
    { name: "a.txt", type: "file", size: 2_000, modified: 1_000 },
    { name: "x<\"&'>", type: "file", size: 0, modified: 2_000 },
    { name: "z", type: "directory", modified: 0 },
  ] as const;
  const names = (query: string) =>
    sorted(entries, orderOf(new URLSearchParams(query))).map(({ name }) => name[0]).join("");
  assert.equal(names(""), "zabx");
  assert.equal(names("sort=size"), "zxba");
  assert.equal(names("sort=modified&order=desc"), "zbxa");
  assert.equal(names("sort=constructor"), "zabx");
  const page = directoryPage("/<i>/", entries, orderOf(new URLSearchParams()));
  assert.ok(!page.includes("<i>") && !page.includes("x<"));
  assert.ok(page.includes(`<a href="./x%3C%22%26'%3E">${escapeHtml("x<\"&'>")}</a>`));
  assert.ok(page.includes('<a href="./z/">z/</a>'));
});

Deno.test("G6: sizes are shown for people", () => {
  const cases: [number, string][] = [[0, "0"], [1023, "1023"], [1536, "1.5k"], [20480, "20k"]];
  for (const [bytes, words] of [...cases, [3 << 20, "3.0M"], [2 ** 31, "2.0G"]] as const) {
    assert.equal(sizeInWords(bytes), words);
  }
});

Deno.test("F6: text is escaped for a page", () => {
  assert.equal(escapeHtml(`<a href="x">&'`), "&#60;a href=&#34;x&#34;&#62;&#38;&#39;");
});
