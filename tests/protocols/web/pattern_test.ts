import assert from "node:assert/strict";
import { compilePattern } from "../../../protocols/web/pattern.ts";

/** A pattern, a text, and how many characters of it match. */
const cases: [pattern: string, text: string, length: number][] = [
  ["**.shtml$|**.shtm$", "/a/b.shtml", 10],
  ["**.shtml$|**.shtm$", "/a/b.SHTM", 9],
  ["**.shtml$|**.shtm$", "/a/b.shtml.bak", 0],
  ["/api", "/api/users", 4],
  ["/api", "/apis", 4],
  ["/api$", "/api/users", 0],
  ["/*/x", "/a/x", 4],
  ["/*/x", "/a/b/x", 0],
  ["/**/x", "/a/b/x", 6],
  ["/?", "/a", 2],
  ["/?", "//", 0],
  ["a,b", "b", 1],
  ["a , b", "b", 1],
  ["", "a", 0],
  ["|", "a", 0],
  ["/a.b", "/axb", 0],
  ["/a(b)[c]{d}+^\\", "/a(b)[c]{d}+^\\", 14],
  ["/é*", "/École", 6],
  ["**", "/a\nb", 4],
];

Deno.test("G18: patterns are prefixes with ? * ** | , and $, and case does not count", () => {
  for (const [pattern, text, length] of cases) {
    assert.equal(compilePattern(pattern)(text), length, `${pattern} on ${text}`);
  }
});

Deno.test("G18: any text is a pattern", () => {
  for (let code = 0; code < 0x250; code++) {
    const text = String.fromCharCode(code);
    for (const pattern of [text, `${text}${text}`, `a${text}`, `${text}*`]) {
      assert.ok(compilePattern(pattern)("aaa") >= 0);
    }
  }
});
