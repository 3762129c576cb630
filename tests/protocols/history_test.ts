import assert from "node:assert/strict";
import { readSince } from "../../protocols/history.ts";

const now = Date.parse("2026-11-21T12:00:00Z");

for (
  const [text, expected] of [
    ["0", 0],
    ["1763700000000", 1_763_700_000_000],
    ["24h", now - 86_400_000],
    ["90s", now - 90_000],
    ["500ms", now - 500],
    ["7d", now - 7 * 86_400_000],
    ["2026-11-21T08:00:00Z", now - 4 * 3_600_000],
    ["2026-11-21", Date.parse("2026-11-21")],
    ["", undefined],
    ["yesterday", undefined],
    ["-1", undefined],
    ["24 h", undefined],
    ["2026-13-45", undefined],
    ["99999999999999999", undefined],
  ] as const
) {
  Deno.test(`readSince("${text}") is ${expected}`, () => {
    assert.equal(readSince(text, now), expected);
  });
}
