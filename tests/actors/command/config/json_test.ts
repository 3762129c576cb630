import assert from "node:assert/strict";
import { JsonError, readJson } from "../../../../actors/command/config/json.ts";

const documents: string[] = [
  "{}",
  " [ ] ",
  '"a\\u00e9\\n\\"é"',
  "-12.5e-3",
  "0",
  "true",
  "null",
  '{"a":{"b":[1,"x",{"c":null}]},"d":false}',
  '\t{"a" :\r\n1}\n',
  '{"constructor":1,"toString":2}',
];

for (const text of documents) {
  Deno.test(`readJson reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(JSON.stringify(readJson(text).value), JSON.stringify(JSON.parse(text)));
  });
}

const faults: [text: string, line: number, column: number, message: string][] = [
  ["", 1, 1, "Cannot read the end of the file: a value is needed"],
  ['{\n  "a": x1\n}', 2, 8, 'Cannot read "x1": a value is needed'],
  ['{"a": 1,}', 1, 9, 'Cannot read "}": a key in double quotes is needed'],
  ['{"a" 1}', 1, 6, 'Cannot read "1": a ":" is needed after a key'],
  ['{"a": 1\n "b": 2}', 2, 2, 'Cannot read "\\"": a "," or "}" is needed'],
  ["{a: 1}", 1, 2, 'Cannot read "a": a key in double quotes is needed'],
  ["[1 2]", 1, 4, 'Cannot read "2": a "," or "]" is needed'],
  ["[1,]", 1, 4, 'Cannot read "]": a value is needed'],
  ["[1", 1, 3, 'Cannot read the end of the file: a "," or "]" is needed'],
  ["{} {}", 1, 4, 'Cannot read "{": the document has ended'],
  ["01", 1, 1, 'Cannot read "01": a value is needed'],
  ["// a\n{}", 1, 1, 'Cannot read "/": a value is needed, and JSON has no comments'],
  ['{"a": "b\n"}', 1, 7, "Cannot read this string: it does not end on its line"],
  [
    '"\\x41"',
    1,
    1,
    'Cannot read this string: after a backslash only "\\/bfnrt or u and four hexadecimal digits may stand',
  ],
  ['{"a":1,\n"a":2}', 2, 1, 'Cannot use "a" twice in one object'],
  ["[".repeat(40), 1, 34, "Cannot read more than 32 values inside each other"],
];

for (const [text, line, column, message] of faults) {
  Deno.test(`readJson says where ${JSON.stringify(text)} is wrong`, () => {
    assert.throws(() => readJson(text), (error) => {
      assert.ok(error instanceof JsonError);
      assert.deepEqual([error.position, error.message], [{ line, column }, message]);
      return true;
    });
  });
}

Deno.test("readJson tells where every value stands", () => {
  const { positions } = readJson('\ufeff{"a": 1,\n  "b": [true,\n{"c": "x"}]}');
  assert.deepEqual([...positions].map(([path, { line, column }]) => [path, line, column]), [
    ["", 1, 1],
    ["a", 1, 2],
    ["b", 2, 3],
    ["b[0]", 2, 9],
    ["b[1]", 3, 1],
    ["b[1].c", 3, 2],
  ]);
});

Deno.test("readJson keeps __proto__ a key like any other", () => {
  const value = readJson('{"__proto__": {"a": 1}}').value as Record<string, unknown>;
  assert.deepEqual(Object.keys(value), ["__proto__"]);
  assert.equal(value.a, undefined);
});

Deno.test("readJson agrees with JSON.parse on every text one character away from a document", () => {
  const whole = '{"a":[1,-2.5e3,"x\\u0041\\n",null],"b":{"c":true}}';
  for (let at = 0; at <= whole.length; at++) {
    for (
      const each of ['"', "{", "}", "[", "]", ",", ":", "0", "e", "\\", "\n", " ", "", "\u0001"]
    ) {
      for (const drop of [0, 1]) {
        const text = whole.slice(0, at) + each + whole.slice(at + drop);
        let expected: unknown;
        try {
          expected = JSON.stringify(JSON.parse(text));
        } catch {
          expected = "wrong";
        }
        let found: unknown;
        try {
          found = JSON.stringify(readJson(text).value);
        } catch (error) {
          assert.ok(error instanceof JsonError, text);
          found = "wrong";
        }
        assert.equal(found, expected, text);
      }
    }
  }
});
