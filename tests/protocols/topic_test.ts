import assert from "node:assert/strict";
import { faultOfFilter, faultOfTopic, filterBytes } from "../../protocols/topic.ts";

Deno.test("faultOfFilter() says what is wrong with a filter", () => {
  for (const filter of ["#", "+", "a/#", "a/+/b", "/#", "+/+", "/", "a//b", "$share", "+/#"]) {
    assert.equal(faultOfFilter(filter, 9), undefined, filter);
  }
  for (const filter of ["", "a#", "#/a", "a/#/b", "a+", "+a", "a/b+/c", "##", "++", "a\0"]) {
    assert.match(faultOfFilter(filter, 9) ?? "", /^Cannot /, filter);
  }
});

Deno.test("faultOfTopic() says what is wrong with a topic", () => {
  for (const topic of ["a", "/", "a//b", " ", "$SYS", "\ufeff"]) {
    assert.equal(faultOfTopic(topic, 9), undefined, topic);
  }
  for (const topic of ["", "a/+", "#", "a\0b", "a/b/c/d/e/f/g/h/i/j"]) {
    assert.match(faultOfTopic(topic, 9) ?? "", /^Cannot /, topic);
  }
});

Deno.test("filterBytes() counts characters and levels, and deep levels for more", () => {
  assert.equal(filterBytes("abc"), 3 + 64);
  assert.equal(filterBytes("a/b"), 3 + 2 * 64);
  const usual = filterBytes(Array(16).fill("a").join("/"));
  assert.equal(usual, 31 + 16 * 64);
  assert.ok(filterBytes(Array(128).fill("a").join("/")) > 100 * usual);
});
