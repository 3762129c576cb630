import assert from "node:assert/strict";
import { elementsOf, formatXml, parseXml } from "../../../../protocols/web/dav/xml.ts";
import { randoms } from "../../websocket/peer.ts";

const BODY = `<?xml version="1.0" encoding="utf-8"?>
<!-- what is set --><D:propertyupdate xmlns:D="DAV:" xmlns:z='urn:z'><D:set><D:prop>
<z:author xml:lang="en" z:role="a&amp;b">J&#xe9;r&#244;me &lt;<![CDATA[<j>]]>&gt;</z:author>
<plain xmlns=""/></D:prop></D:set></D:propertyupdate>`;

Deno.test("XML resolves namespaces, entities, comments and CDATA", () => {
  const root = parseXml(BODY)!;
  const prop = elementsOf(elementsOf(root)[0]!)[0]!;
  const [author, plain] = elementsOf(prop);
  assert.deepEqual([root.namespace, root.name], ["DAV:", "propertyupdate"]);
  assert.deepEqual([author!.namespace, plain!.namespace], ["urn:z", ""]);
  assert.deepEqual(author!.children.join(""), "Jérôme <<j>>");
  assert.deepEqual(author!.attributes.map(({ name, value }) => [name, value]), [
    ["lang", "en"],
    ["role", "a&b"],
  ]);
});

Deno.test("XML that is written means what was read", () => {
  const root = parseXml(BODY)!;
  const again = parseXml(formatXml(root))!;
  const merged = (text: string) => text.replaceAll(/\s+/g, " ");
  assert.equal(merged(formatXml(again)), merged(formatXml(root)));
});

Deno.test("XML that is written declares no namespace that must not be declared", () => {
  const text = '<xml:a xmlns:xml="http://www.w3.org/XML/1998/namespace"><b xml:lang="en"/></xml:a>';
  const root = parseXml(text)!;
  assert.equal(formatXml(root), '<xml:a><b xmlns="" xml:lang="en"/></xml:a>');
  assert.deepEqual(parseXml(formatXml(root)), root);
});

const deep = (count: number) => "<a>".repeat(count) + "</a>".repeat(count);
const refused: [name: string, text: string][] = [
  ["nothing", ""],
  ["text alone", "hello"],
  ["two roots", "<a/><b/>"],
  ["a root that does not end", "<a>"],
  ["an end of another element", "<a></b>"],
  ["an unknown prefix", "<p:a/>"],
  ["a prefix that is undeclared", '<a xmlns:p=""/>'],
  ["an attribute given twice", '<a b="1" b="2"/>'],
  ["an attribute without quotes", "<a b=1/>"],
  ["an unknown entity", "<a>&nbsp;</a>"],
  ["an ampersand alone", "<a>a & b</a>"],
  ["a character that there is not", "<a>&#xd800;</a>"],
  ["a NUL by number", "<a>&#0;</a>"],
  ["a character that no document has", "<a>\x01</a>"],
  ["such a character in a comment", "<a><!--\0--></a>"],
  ["an entity that every object has", "<a>&toString;</a>"],
  ["a character that no name has", "<µ/>"],
  ["a prefix that means itself", '<a xmlns:xmlns="urn:x"/>'],
  ["the prefix xml for something else", '<a xmlns:xml="urn:x"/>'],
  ["the namespace of xml as the default", '<a xmlns="http://www.w3.org/XML/1998/namespace"/>'],
  ["that of declarations", '<p:a xmlns:p="http://www.w3.org/2000/xmlns/"/>'],
  ["one attribute by two prefixes", '<a xmlns:p="urn:x" xmlns:q="urn:x" p:b="1" q:b="2"/>'],
  ["a document type", "<!DOCTYPE a><a/>"],
  ["a bomb of entities", '<!DOCTYPE a [<!ENTITY x "xxxx">]><a>&x;</a>'],
  ["an outside entity", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
  ["elements too deep inside each other", deep(33)],
  ["too many elements", `<a>${"<b/>".repeat(10_000)}</a>`],
  ["a namespace too long to be repeated", `<a xmlns="${"n".repeat(257)}"/>`],
  [
    "more prefixes than anybody needs",
    `<a ${Array.from({ length: 64 }, (_, n) => `xmlns:p${n}="u"`).join(" ")}/>`,
  ],
];

for (const [name, text] of refused) {
  Deno.test(`XML is refused: ${name}`, () => assert.equal(parseXml(text), undefined));
}

Deno.test("XML that is 32 deep is read", () => assert.ok(parseXml(deep(32))));

Deno.test("No truncation of XML is taken for the whole, and none fails otherwise", () => {
  for (let end = 0; end < BODY.length; end++) assert.equal(parseXml(BODY.slice(0, end)), undefined);
});

Deno.test("Flipped and random bytes of XML are read or refused", () => {
  const bytes = new TextEncoder().encode(BODY), decoder = new TextDecoder();
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [1, 4, 32]) {
      const flipped = bytes.slice();
      flipped[at]! ^= bit;
      const root = parseXml(decoder.decode(flipped));
      if (root !== undefined) assert.ok(parseXml(formatXml(root)));
    }
  }
  const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1e6),
    random = randoms(seed),
    signs = "<>/=\"'&;:! ax#[]-?";
  console.log(`XML: seed ${seed}`);
  for (let round = 0; round < 20_000; round++) {
    let text = "<a>";
    while (text.length < 40) text += signs[random(signs.length)];
    parseXml(text);
  }
});
