import assert from "node:assert/strict";
import { nearest, suggestion } from "../../../../actors/command/settings/nearest.ts";

const known = ["listen", "limits", "logLevel", "drain", "tls"];

const slips: [word: string, near: string | undefined][] = [
  ["lisen", "listen"],
  ["litsen", "listen"],
  ["LISTEN", "listen"],
  ["loglevel", "logLevel"],
  ["limit", "limits"],
  ["drian", "drain"],
  ["tsl", "tls"],
  ["tl", "tls"],
  ["colour", undefined],
  ["x", undefined],
  ["", undefined],
  ["l".repeat(100_000), undefined],
];

for (const [word, near] of slips) {
  Deno.test(`nearest takes "${word.slice(0, 20)}" for ${near ?? "nothing known"}`, () => {
    assert.equal(nearest(word, known), near);
  });
}

Deno.test("suggestion names the nearest word, or all", () => {
  assert.equal(suggestion("lisen", known), ': did you mean "listen"?');
  assert.equal(suggestion("colour", ["a", "b"]), ": known are a, b");
});
