import assert from "node:assert/strict";
import { parseSsi, type SsiPart } from "../../../protocols/web/ssi.ts";
import { everyHarm } from "../harm.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Directives as they are, and text as text. */
function parse(page: string): (string | SsiPart)[] {
  return parseSsi(bytes(page)).map((part) =>
    part.kind === "text" ? new TextDecoder().decode(bytes(page).subarray(part.from, part.to)) : part
  );
}

Deno.test("G8: include names a file from the root, beside the page, or on the disk", () => {
  const include = (base: string, path: string) => [{ kind: "include", base, path }];
  assert.deepEqual(parse('<!--#include virtual="/a.html" -->'), include("virtual", "/a.html"));
  assert.deepEqual(parse('<!--#include file="a b.html"-->'), include("file", "a b.html"));
  assert.deepEqual(parse('<!--#include "a.html" -->'), include("file", "a.html"));
  assert.deepEqual(parse('<!--#INCLUDE AbsPath = "/w/a" -->'), include("abspath", "/w/a"));
  assert.deepEqual(parse('ä<!--#include file="é"-->ö'), ["ä", ...include("file", "é"), "ö"]);
});

Deno.test("G10, G11: exec has a command, call a name and an argument", () => {
  const exec = [{ kind: "exec", command: "date -u" }];
  assert.deepEqual(parse('<!--#exec "date -u" -->'), exec);
  assert.deepEqual(parse('<!--#exec cmd="date -u" -->'), exec);
  assert.deepEqual(parse("<!--#call topic a/b c  -->"), [
    { kind: "call", name: "topic", argument: "a/b c" },
  ]);
  assert.deepEqual(parse("<!--#call now-->"), [{ kind: "call", name: "now", argument: "" }]);
});

Deno.test("G12: unknown directives are left out without a word", () => {
  for (
    const directive of [
      '<!--#echo var="DATE_LOCAL" -->',
      "<!--#-->",
      "<!--# include -->",
      "<!--#include -->",
      '<!--#include other="/a" -->',
      '<!--#include file="a" -->'.replace('"a"', "a"),
      '<!--#exec cgi="/a.cgi" -->',
      "<!--#call -->",
    ]
  ) assert.deepEqual(parse(`a${directive}b`), ["a", "b"], directive);
});

Deno.test("Z5: only <!--#… --> is a directive", () => {
  for (
    const text of [
      "<!#call x -->",
      "<!-- call x -->",
      "<!-- #call x -->",
      "<!-#call x -->",
      "<!--#call x",
      "<!--#call x --",
      "plain",
    ]
  ) assert.deepEqual(parse(text), [text], text);
  assert.deepEqual(parse(""), []);
});

Deno.test("No harm to a page is a crash, and what is text is in it", () => {
  const page = bytes('a<!--#include virtual="/a" --><!--#call b c-->d<!--#exec "e"-->');
  for (const harmed of everyHarm(page)) {
    let from = 0;
    for (const part of parseSsi(harmed)) {
      if (part.kind !== "text") continue;
      assert.ok(part.from >= from && part.to > part.from && part.to <= harmed.length);
      from = part.to;
    }
  }
});

Deno.test("A page full of what only begins is parsed in linear time", () => {
  const page = bytes("<!--#".repeat(200_000) + "-".repeat(1_000_000));
  assert.deepEqual(parseSsi(page), [{ kind: "text", from: 0, to: page.length }]);
});
