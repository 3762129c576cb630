/** So many names a message can list and still be read. */
const LISTED = 12;

/** `: did you mean "listen"?`, or what is known when nothing is near enough to be meant. */
export function suggestion(
  word: string,
  known: readonly string[],
  list = "the command `schema`",
): string {
  const near = nearest(word, known);
  if (near !== undefined) return `: did you mean "${near}"?`;
  return known.length <= LISTED
    ? `: known are ${known.join(", ")}`
    : `: ${list} shows what is known`;
}

/** The known word that `word` is most likely a slip of; undefined when none is close. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  // At most one slip in three letters: with more a guess misleads as often as it helps.
  let least = Math.floor(Math.max(word.length, 3) / 3) + 1;
  for (const each of known) {
    const slips = distance(word.toLowerCase(), each.toLowerCase());
    if (slips < least) [best, least] = [each, slips];
  }
  return best;
}

/** Letters to insert, drop, change or swap with their neighbour to make `a` of `b`. */
function distance(a: string, b: string): number {
  // So long a word is no slip, and the table below has as many entries as both lengths multiplied.
  if (a.length > 64) return Infinity;
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(change, rows[i - 1]![j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      }
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
