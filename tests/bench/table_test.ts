import assert from "node:assert/strict";
import type { Row } from "./case.ts";
import { formatNumber, formatTable, median, summarize } from "./table.ts";

const row: Row = {
  title: "QoS 0",
  unit: "messages/s",
  figure: "rate",
  peer: "Mosquitto",
  better: "more",
  judge: "ratio",
  bar: 5,
  aim: 10,
  lossless: true,
};

function turns(ours: number[], theirs: number[], lost = 0) {
  return new Map([
    ["Meerkat", ours.map((rate) => ({ rate, lost }))],
    ["Mosquitto", theirs.map((rate) => ({ rate, lost: 0 }))],
  ]);
}

Deno.test("median() takes the middle value, or the mean of two", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 2, 9]), 3);
  assert.equal(median([7]), 7);
});

Deno.test("summarize() divides medians and keeps the spread of single turns", () => {
  const line = summarize(row, turns([600, 800, 700], [100, 200, 50]));
  assert.equal(line.ours, 700);
  assert.equal(line.theirs, 100);
  assert.equal(line.ratio, 7);
  assert.deepEqual(line.spread, [4, 14]);
  assert.equal(line.verdict, "bar reached");
});

Deno.test("summarize() says which limit was reached, in both directions", () => {
  const verdict = (changes: Partial<Row>, ours: number, theirs = 100) =>
    summarize({ ...row, ...changes }, turns([ours], [theirs])).verdict;
  assert.equal(verdict({}, 1000), "aim reached");
  assert.equal(verdict({}, 500), "bar reached");
  assert.equal(verdict({}, 499), "missed");
  const latency: Partial<Row> = { better: "less", bar: 1.5, aim: 1 };
  assert.equal(verdict(latency, 100), "aim reached");
  assert.equal(verdict(latency, 150), "bar reached");
  assert.equal(verdict(latency, 151), "missed");
  const memory: Partial<Row> = { better: "less", judge: "figure", bar: 16, aim: 10 };
  assert.equal(verdict(memory, 12, 1), "bar reached");
  assert.equal(verdict({ bar: undefined }, 1), "for information");
});

Deno.test("summarize() lets no speed make up for a lost message", () => {
  const line = summarize(row, turns([5000, 5000], [100, 100], 1));
  assert.equal(line.verdict, "messages lost");
  assert.deepEqual(line.lost, [2, 0]);
});

Deno.test("summarize() says when the gateway or the peer gave no figures", () => {
  assert.equal(summarize(row, turns([], [100])).verdict, "failed");
  const alone = summarize(row, turns([100], []));
  assert.equal(alone.verdict, "no peer");
  assert.equal(alone.ours, 100);
  assert.equal(alone.ratio, undefined);
  assert.equal(summarize({ ...row, judge: "figure" }, turns([100], [])).verdict, "aim reached");
});

Deno.test("formatNumber() gives small numbers more digits", () => {
  assert.equal(formatNumber(1234567.8), "1,234,568");
  assert.equal(formatNumber(12.345), "12.3");
  assert.equal(formatNumber(0.714), "0.71");
});

Deno.test("formatTable() lines columns up and marks the direction of a limit", () => {
  const lines = [
    summarize(row, turns([1_000_000], [100_000])),
    summarize(
      { ...row, title: "memory each", judge: "figure", better: "less", bar: 16, aim: undefined },
      turns([9.5], [2]),
    ),
  ];
  const [head, rule, first, second] = formatTable(lines).split("\n");
  assert.equal(head!.indexOf("unit"), first!.indexOf("messages/s"));
  assert.match(rule!, /^-[- ]+-$/);
  assert.match(
    first!,
    /1,000,000 {2}100,000 {2}Mosquitto {2}10\.0 × .* ≥ 5 × {2}≥ 10 × .*aim reached$/,
  );
  assert.match(second!, / 9\.50 .* ≤ 16 .*bar reached$/);
});
