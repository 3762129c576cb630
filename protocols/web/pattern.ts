/** Says how many characters at the start of a text a pattern takes; 0 when it does not match. */
export type Pattern = (text: string) => number;

/**
 * Compiles a pattern for paths and names. It matches from the start, and need not match to the end:
 * `?` is any character and `*` any number of them, both without `/`; `**` is any number of any; `$`
 * is the end; `|` and `,` separate alternatives. Case does not count.
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
