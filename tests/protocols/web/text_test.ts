import assert from "node:assert/strict";
import { headerParameter } from "../../../protocols/web/parameters.ts";
import { formatUri, parseUri, type Uri } from "../../../protocols/web/uri.ts";

Deno.test("E5: a parameter is found inside a header field", () => {
  const field =
    'Digest username="Mu\\"fasa, \\\\", realm=a.b;uri="/x=1, y=2" , nc=0001; empty=""; z=';
  const cases: [string, string | undefined][] = [
    ["username", 'Mu"fasa, \\'],
    ["REALM", "a.b"],
    ["uri", "/x=1, y=2"],
    ["nc", "0001"],
    ["empty", ""],
    ["z", ""],
    ["x", undefined],
    ["y", undefined],
    ["name", undefined],
  ];
  for (const [name, value] of cases) assert.equal(headerParameter(field, name), value, name);
  assert.equal(headerParameter("sid=abc; theme=dark", "theme"), "dark");
  for (let cut = 0; cut <= field.length; cut++) headerParameter(field.slice(0, cut), "z");
});

/** Texts that are URIs, and their parts. */
const uris: [string, Uri][] = [
  ["foo.com", { host: "foo.com", path: "" }],
  ["foo.com:80", { host: "foo.com", port: 80, path: "" }],
  ["10.0.0.1:80/a", { host: "10.0.0.1", port: 80, path: "/a" }],
  ["[::1]:80", { host: "::1", port: 80, path: "" }],
  ["http://a/b?c=d&e#f?g", {
    scheme: "http",
    host: "a",
    path: "/b",
    query: "c=d&e",
    fragment: "f?g",
  }],
  ["udp://u:p@h:53", { scheme: "udp", user: "u:p", host: "h", port: 53, path: "" }],
  ["http://h?q", { scheme: "http", host: "h", path: "", query: "q" }],
  ["http://h#", { scheme: "http", host: "h", path: "", fragment: "" }],
];

Deno.test("E8, E9: a URI is taken apart and put together", () => {
  for (const [text, parts] of uris) {
    assert.deepEqual(parseUri(text), parts, text);
    assert.equal(formatUri(parts), text);
  }
  const none = [
    "",
    ":80",
    "a b",
    "http://",
    "http:///a",
    "foo:bar",
    "a:70000",
    "[::1",
    "a@b",
    "/a",
  ];
  for (const text of none) assert.equal(parseUri(text), undefined, text);
});

Deno.test("E9: a path with dots is made plain, and never goes above its root", () => {
  const cases = [
    ["/a/./b/../c", "/a/c"],
    ["/../../a", "/a"],
    ["/a/..", "/"],
    ["/a/b/.", "/a/b/"],
    ["/a/.../b", "/a/.../b"],
    ["", ""],
  ];
  for (const [path, plain] of cases) {
    assert.equal(formatUri({ host: "h", path: path! }), `h${plain}`, path);
  }
});

Deno.test("E5: a long field without parameters takes no long time", () => {
  for (const part of ["a", "a ", '"', '\\"', "a= ", '="', ";"]) {
    const begun = performance.now();
    assert.equal(headerParameter(part.repeat(16_384), "x"), undefined);
    assert.ok(performance.now() - begun < 1_000, part);
  }
});
