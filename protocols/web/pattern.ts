/** Returns how many characters at the start of a text match; 0 for none. */
export type Pattern = (text: string) => number;

/**
 * Compiles a pattern for paths and names, which matches from the start but not necessarily to the
 * end. `?` is any character but `/`, `*` any number of these, `**` any number of all characters,
 * `$` the end; `|` and `,` separate alternatives. Case does not matter.
 */
export function compilePattern(pattern: string): Pattern {
  const alternatives = pattern.split(/[|,]/).map((each) => each.trim()).filter((each) =>
    each !== ""
  )
    .map((each) => new RegExp(`^${source(each)}`, "isu"));
  return (text) => {
    let longest = 0;
    for (const each of alternatives) longest = Math.max(longest, each.exec(text)?.[0].length ?? 0);
    return longest;
  };
}

function source(alternative: string): string {
  return alternative.replace(/\*{2,}|\*|\?|\$|[^\w\s]/gu, (found) => {
    if (found.startsWith("**")) return ".*";
    if (found === "*") return "[^/]*";
    if (found === "?") return "[^/]";
    if (found === "$") return "$";
    return /[\\^.+()[\]{}/]/.test(found) ? `\\${found}` : found;
  });
}
