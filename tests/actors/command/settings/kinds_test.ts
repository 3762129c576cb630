import assert from "node:assert/strict";
import {
  choice,
  count,
  duration,
  type Kind,
  list,
  showDuration,
  showSize,
  size,
  text,
  yesOrNo,
} from "../../../../actors/command/settings/kinds.ts";
import { Place } from "../../../../actors/command/settings/place.ts";

const kinds: [name: string, kind: Kind<unknown>, right: [unknown, unknown][], wrong: unknown[]][] =
  [
    ["yesOrNo", yesOrNo(), [[true, true], [false, false]], ["true", 1, null, undefined]],
    ["choice", choice(["a", "b"]), [["a", "a"], ["b", "b"]], ["c", "A", "", 1, null, ["a"]]],
    ["text", text("FILE", "give a file"), [["x", "x"]], ["", 1, null, {}]],
    ["count", count(1, 9), [[1, 1], [9, 9]], [0, 10, 1.5, "1", NaN, Infinity, null]],
    ["size", size(1024, 4096), [[1024, 1024], ["4KiB", 4096], ["1.5KiB", 1536], ["2048B", 2048]], [
      1023,
      "5KiB",
      "1MiB",
      "4 KiB",
      "4kib",
      "4KB",
      "2048",
      "1.0001KiB",
      "-1KiB",
      "KiB",
      "",
      null,
    ]],
    ["duration", duration(0, 3_600_000), [
      ["0s", 0],
      ["250ms", 250],
      ["1.5s", 1500],
      ["10s", 10_000],
      ["5m", 300_000],
      ["1h", 3_600_000],
    ], [10, 0, "10", "10 s", "2h", "1d", "-1s", "10S", "0.5ms", "s", "1e3ms", "", null]],
    ["bare duration", duration(1, 5000, true), [[1, 1], [5000, 5000], ["5s", 5000]], [
      0,
      5001,
      1.5,
      "6s",
      "250",
      true,
    ]],
    ["list", list(count(1, 9)), [[[1, 2], [1, 2]]], [[], {}, 1, "1", null]],
  ];

for (const [name, kind, right, wrong] of kinds) {
  Deno.test(`${name} reads what is right and refuses the rest once`, () => {
    for (const [raw, value] of right) {
      const place = new Place("x", () => assert.fail(`${raw}`));
      assert.deepEqual(kind.read(raw, place), value);
    }
    for (const raw of wrong) {
      const paths: string[] = [];
      const place = new Place("x", (path, { found, says }) => {
        assert.equal(found, raw);
        assert.match(says, /^give /);
        paths.push(path);
      });
      assert.equal(kind.read(raw, place), undefined, String(raw));
      assert.deepEqual(paths, ["x"], String(raw));
    }
  });
}

Deno.test("list keeps the place of what follows something wrong", () => {
  const paths: string[] = [];
  const found = list(count(1, 9)).read([1, 0, 3], new Place("x", (path) => paths.push(path)));
  assert.deepEqual([found, paths], [[1, undefined, 3], ["x[1]"]]);
});

Deno.test("showSize and showDuration write the largest unit that fits", () => {
  assert.deepEqual([0, 1, 1023, 1024, 1536, 1 << 20, 2 ** 30].map(showSize), [
    "0B",
    "1B",
    "1023B",
    "1KiB",
    "1536B",
    "1MiB",
    "1GiB",
  ]);
  assert.deepEqual([0, 250, 1000, 1500, 60_000, 3_600_000].map(showDuration), [
    "0ms",
    "250ms",
    "1s",
    "1500ms",
    "1m",
    "1h",
  ]);
});
