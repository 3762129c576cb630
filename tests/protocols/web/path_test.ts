import assert from "node:assert/strict";
import { formatFilePath, mayBeBelow, parseFilePath } from "../../../protocols/web/path.ts";

Deno.test("G30: a path is decoded once, name by name", () => {
  const cases: [string, string[], boolean][] = [
    ["/", [], true],
    ["/a/b", ["a", "b"], false],
    ["//a///b/", ["a", "b"], true],
    ["/a%20b/%C3%A9", ["a b", "é"], false],
    ["/%252e%252e/x", ["%2e%2e", "x"], false],
    ["/...a", ["...a"], false],
    ["/console.log", ["console.log"], false],
    ["/com10", ["com10"], false],
    ["/12:30.txt", ["12:30.txt"], false],
  ];
  for (const [path, names, isDirectory] of cases) {
    assert.deepEqual(parseFilePath(path), { names, isDirectory }, path);
  }
});

Deno.test("G30: a path that leads elsewhere is none", () => {
  const strays = [
    "/..",
    "/../etc/passwd",
    "/a/../../b",
    "/%2e%2e/b",
    "/.%2E/b",
    "/.",
    "/a%2fb",
    "/a%5cb",
    "/a\\b",
    "/..\\..\\b",
    "/..%5c..%5cb",
    "/a%00.txt",
    "/a%0d",
    "/%7f",
    "/a.",
    "/a%20",
    "/a...",
    "/CON",
    "/con.txt",
    "/dir/nul",
    "/Aux.tar.gz",
    "/com1",
    "/LPT9.x",
    "/com%C2%B9",
    "/conin$",
    "/c:",
    "/C:%5Cwindows",
    "/page.shtml::$DATA",
    "/page:$DATA",
    "/%",
    "/%zz",
    "/%ff",
    "/%c0%ae%c0%ae/x",
  ];
  for (const path of strays) assert.equal(parseFilePath(path), undefined, path);
});

Deno.test("G30: whatever bytes a path has, its names stay names", () => {
  for (let one = 0; one < 256; one++) {
    for (const other of ["", ".", "/", "\\", "%2e", "%"]) {
      const hex = `%${one.toString(16).padStart(2, "0")}`;
      for (const path of [`/${hex}${other}`, `/${other}${hex}`, `/a${other}${hex}${other}`]) {
        const found = parseFilePath(path);
        for (const name of found?.names ?? []) {
          assert.doesNotMatch(name, /^\.{1,2}$|[/\\\0]|[. ]$/, path);
        }
        if (found) assert.deepEqual(parseFilePath(formatFilePath(found)), found);
      }
    }
  }
});

Deno.test("G3: whatever could be taken for a path, or for what is below it, is told", () => {
  const below = [
    ...["/a b", "/a%20b", "/A%20B/", "//a b//c", "/a b/..%2fc", "/x/../a b", "/x/%2e%2e/a%20b/c"],
    ...["/x%2f..%2fa%20b", "/a%20b%2fc", "/%5ca%20b", "/a%20b/../c", "/./a b"],
  ];
  for (const path of below) assert.ok(mayBeBelow(path, "/a%20b/"), path);
  for (const path of ["/", "/a", "/a%20bc", "/x/a%20b", "/a%2520b", "/%zz/a b"]) {
    assert.equal(mayBeBelow(path, "/a%20b/"), false, path);
  }
  for (const path of ["/", "", "/x", "/%zz", "/..%2f"]) assert.ok(mayBeBelow(path, "/"), path);
  assert.ok(mayBeBelow("/%zz/x", "/%zz"));
});
