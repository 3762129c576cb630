import type { Figures, Row } from "./case.ts";

/** What a row came to. */
export type Verdict =
  | "aim reached"
  | "bar reached"
  | "missed"
  | "messages lost"
  | "failed"
  | "no peer"
  | "for information";

/** One row with its numbers. */
export interface Line {
  title: string;
  unit: string;
  peer: string;
  /** Medians over the turns. */
  ours?: number;
  theirs?: number;
  /** Median by median. */
  ratio?: number;
  /** The smallest and the largest ratio of one turn. */
  spread?: [number, number];
  better: Row["better"];
  judge: Row["judge"];
  bar?: number;
  aim?: number;
  /** Messages lost in all turns: with us, with the peer. */
  lost?: [number, number | undefined];
  verdict: Verdict;
}

/** The middle value; the mean of the two middle ones when their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Puts the turns of a case into one of its rows. */
export function summarize(row: Row, turns: ReadonlyMap<string, readonly Figures[]>): Line {
  const ours = turns.get("Meerkat") ?? [];
  const theirs = turns.get(row.peer) ?? [];
  const line: Line = {
    title: row.title,
    unit: row.unit,
    peer: row.peer,
    better: row.better,
    judge: row.judge,
    bar: row.bar,
    aim: row.aim,
    verdict: "failed",
  };
  const value = (figures: Figures) => figures[row.figure]!;
  if (theirs.length > 0) line.theirs = median(theirs.map(value));
  if (ours.length === 0) return line;
  line.ours = median(ours.map(value));
  if (line.theirs !== undefined) {
    const paired = ours.slice(0, theirs.length).map((turn, i) => value(turn) / value(theirs[i]!));
    line.ratio = line.ours / line.theirs;
    line.spread = [Math.min(...paired), Math.max(...paired)];
  }
  if (row.lossless) {
    line.lost = [totalLost(ours), theirs.length > 0 ? totalLost(theirs) : undefined];
  }
  line.verdict = judge(line);
  return line;
}

/** All lines below a heading, in columns. */
export function formatTable(lines: readonly Line[]): string {
  const head = ["case", "unit", "Meerkat", "peer", "", "ratio", "spread", "bar", "aim", "lost", ""];
  const rows = [head, ...lines.map(cells)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const rightAligned = new Set([2, 3, 5, 6, 7, 8, 9]);
  const text = rows.map((row) =>
    row.map((cell, column) =>
      rightAligned.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)
    ).join("  ").trimEnd()
  );
  text.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return text.join("\n");
}

/** A number as short as its size allows. */
export function formatNumber(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function cells(line: Line): string[] {
  const limit = (value: number | undefined) =>
    value === undefined
      ? ""
      : `${line.better === "more" ? "≥" : "≤"} ${value}${line.judge === "ratio" ? " ×" : ""}`;
  const number = (value: number | undefined) => value === undefined ? "" : formatNumber(value);
  return [
    line.title,
    line.unit,
    number(line.ours),
    number(line.theirs),
    line.peer,
    line.ratio === undefined ? "" : `${number(line.ratio)} ×`,
    line.spread === undefined ? "" : line.spread.map(number).join("–"),
    limit(line.bar),
    limit(line.aim),
    line.lost === undefined ? "" : `${line.lost[0]} / ${line.lost[1] ?? "?"}`,
    line.verdict,
  ];
}

function judge(line: Line): Verdict {
  if (line.lost !== undefined && line.lost[0] > 0) return "messages lost";
  const judged = line.judge === "ratio" ? line.ratio : line.ours;
  if (judged === undefined) return "no peer";
  if (line.bar === undefined) return "for information";
  const reaches = (limit: number) => line.better === "more" ? judged >= limit : judged <= limit;
  if (line.aim !== undefined && reaches(line.aim)) return "aim reached";
  return reaches(line.bar) ? "bar reached" : "missed";
}

function totalLost(turns: readonly Figures[]): number {
  return turns.reduce((sum, { lost = 0 }) => sum + lost, 0);
}
