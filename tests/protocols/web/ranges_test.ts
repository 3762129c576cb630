import assert from "node:assert/strict";
import { contentRange, parseRanges } from "../../../protocols/web/ranges.ts";

/** A `Range` field for ten bytes, and what it means: pairs, or nothing when it is ignored. */
const cases: [field: string, ranges: [number, number][] | undefined][] = [
  ["bytes=0-0", [[0, 0]]],
  ["bytes=0-3,6-", [[0, 3], [6, 9]]],
  ["Bytes = 0-3", undefined],
  ["BYTES=2-99", [[2, 9]]],
  ["bytes=-3", [[7, 9]]],
  ["bytes=-30", [[0, 9]]],
  ["bytes=-0", []],
  ["bytes=10-", []],
  ["bytes=10-,0-1", [[0, 1]]],
  ["bytes=9-", [[9, 9]]],
  ["bytes=, 1-2 ,", [[1, 2]]],
  ["bytes=3-2", undefined],
  ["bytes=-", undefined],
  ["bytes=", undefined],
  ["bytes=a-b", undefined],
  ["bytes=1-2-3", undefined],
  ["bytes=+1-2", undefined],
  ["bytes=0-1,x", undefined],
  ["lines=0-1", undefined],
  ["bytes=0-9,0-9", undefined],
  ["bytes=99999999999999999-", undefined],
];

Deno.test("G29: a Range field is read as RFC 9110 §14.2 says", () => {
  for (const [field, ranges] of cases) {
    const found = parseRanges(field, 10)?.map(({ first, last }) => [first, last]);
    assert.deepEqual(found, ranges, field);
  }
  assert.equal(contentRange({ first: 1, last: 2 }, 10), "bytes 1-2/10");
});

Deno.test("G29: an empty file has no range, and thousands of ranges are ignored", () => {
  assert.deepEqual(parseRanges("bytes=0-", 0), []);
  assert.deepEqual(parseRanges("bytes=-1", 0), []);
  const many = Array.from({ length: 65 }, (_, at) => `${2 * at}-${2 * at}`).join();
  assert.equal(parseRanges(`bytes=${many}`, 1_000), undefined);
});

Deno.test("G29: every cut and every other character of a Range field is read or ignored", () => {
  const field = "bytes=0-3,5-6,-2";
  for (let at = 0; at <= field.length; at++) {
    for (let code = 0; code < 128; code++) {
      const changed = field.slice(0, at) + String.fromCharCode(code) + field.slice(at + 1);
      for (const each of [field.slice(0, at), changed]) {
        for (const { first, last } of parseRanges(each, 10) ?? []) {
          assert.ok(0 <= first && first <= last && last < 10, each);
        }
      }
    }
  }
});
