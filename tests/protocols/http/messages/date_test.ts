import assert from "node:assert/strict";
import {
  dateBytes,
  dateText,
  formatDate,
  parseDate,
} from "../../../../protocols/http/messages/date.ts";

const NOW = Date.UTC(2026, 4, 5);
const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);

Deno.test("parseDate reads the three forms of an HTTP date", () => {
  assert.equal(parseDate("Sun, 06 Nov 1994 08:49:37 GMT", NOW), EXAMPLE);
  assert.equal(parseDate("Sunday, 06-Nov-94 08:49:37 GMT", NOW), EXAMPLE);
  assert.equal(parseDate("Sun Nov  6 08:49:37 1994", NOW), EXAMPLE);
});

Deno.test("parseDate takes a year of two digits for the nearest that is not far ahead", () => {
  assert.equal(parseDate("Friday, 06-Nov-76 08:49:37 GMT", NOW), Date.UTC(2076, 10, 6, 8, 49, 37));
  assert.equal(
    parseDate("Saturday, 06-Nov-77 08:49:37 GMT", NOW),
    Date.UTC(1977, 10, 6, 8, 49, 37),
  );
});

Deno.test("parseDate does not guess", () => {
  const faulty = [
    "",
    "yesterday",
    "1994-11-06T08:49:37Z",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 CET",
    "Sun, 06 Foo 1994 08:49:37 GMT",
    "Sun, 32 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:49:37 GMT",
    "Sun, 6 Nov 1994 08:49:37 GMT",
  ];
  for (const value of faulty) assert.equal(parseDate(value, NOW), undefined, value);
});

Deno.test("formatDate writes what parseDate reads", () => {
  assert.equal(formatDate(EXAMPLE), "Sun, 06 Nov 1994 08:49:37 GMT");
  assert.equal(parseDate(formatDate(EXAMPLE), NOW), EXAMPLE);
});

Deno.test("dateText and dateBytes follow the clock, second by second", () => {
  assert.equal(dateText(EXAMPLE + 999), "Sun, 06 Nov 1994 08:49:37 GMT");
  assert.equal(dateText(EXAMPLE + 1000), "Sun, 06 Nov 1994 08:49:38 GMT");
  assert.equal(new TextDecoder().decode(dateBytes(EXAMPLE)), "Sun, 06 Nov 1994 08:49:37 GMT");
});
