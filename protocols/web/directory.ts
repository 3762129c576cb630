import { escapeHtml } from "./html.ts";

/** One entry of a directory. */
export interface DirectoryEntry {
  readonly name: string;
  readonly type: "file" | "directory";
  /** Bytes, of files only. */
  readonly size?: number;
  /** Milliseconds since 1970. */
  readonly modified?: number;
}

const columns = ["name", "modified", "size"] as const;
type Column = typeof columns[number];

/** How a directory is sorted. */
interface Order {
  readonly by: Column;
  readonly descending: boolean;
}

/** The order that a query such as `?sort=size&order=desc` asks for; by name unless it does. */
export function orderOf(query: URLSearchParams): Order {
  const by = columns.find((each) => each === query.get("sort")) ?? "name";
  return { by, descending: query.get("order") === "desc" };
}

/** The entries in that order, directories first. */
export function sorted(entries: readonly DirectoryEntry[], order: Order): DirectoryEntry[] {
  const sign = order.descending ? -1 : 1;
  return entries.toSorted((one, other) =>
    Number(other.type === "directory") - Number(one.type === "directory") ||
    sign * (compare(one, other, order.by) || compare(one, other, "name"))
  );
}

function compare(one: DirectoryEntry, other: DirectoryEntry, by: Column): number {
  if (by !== "name") return (one[by] ?? 0) - (other[by] ?? 0);
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

/** The page of a directory; `path` is that of the request. */
export function directoryPage(
  path: string,
  entries: readonly DirectoryEntry[],
  order: Order,
): string {
  const title = escapeHtml(readable(path));
  const heads = columns.map((each) => headOf(each, order)).join("");
  const up = path === "/" ? "" : '<tr><td><a href="../">../</a><td><td>\n';
  return `<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .2rem .5rem; border-bottom: 1px solid #8884 }
th:last-child, td:last-child { text-align: right; white-space: nowrap }
td:nth-child(2) { white-space: nowrap; font-variant-numeric: tabular-nums }
a { text-decoration: none; overflow-wrap: anywhere }
</style>
<h1>${title}</h1>
<table>
<tr>${heads}
${up}${sorted(entries, order).map(rowOf).join("")}</table>
</html>
`;
}

function headOf(column: Column, { by, descending }: Order): string {
  const next = column === by && !descending ? "desc" : "asc";
  const mark = column !== by ? "" : descending ? " ↓" : " ↑";
  const label = column[0]!.toUpperCase() + column.slice(1);
  return `<th><a href="?sort=${column}&amp;order=${next}">${label}${mark}</a>`;
}

function rowOf({ name, type, size, modified }: DirectoryEntry): string {
  const slash = type === "directory" ? "/" : "";
  // Without `./`, a name with a colon would be read as one with a scheme.
  const link = `./${encodeURIComponent(name)}${slash}`;
  const when = modified === undefined
    ? ""
    : new Date(modified).toISOString().slice(0, 16).replace("T", " ");
  const bytes = size === undefined ? "" : sizeInWords(size);
  return `<tr><td><a href="${link}">${escapeHtml(name)}${slash}</a><td>${when}<td>${bytes}\n`;
}

/** Bytes for people: `1.5k`, `20M`. */
export function sizeInWords(bytes: number): string {
  for (const [unit, factor] of [["G", 2 ** 30], ["M", 2 ** 20], ["k", 2 ** 10]] as const) {
    if (bytes >= factor) return `${(bytes / factor).toFixed(bytes < 10 * factor ? 1 : 0)}${unit}`;
  }
  return String(bytes);
}

function readable(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
