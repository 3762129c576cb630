/** All of README.md. */
export const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));

/** What stands below a heading of the second level, up to the next one. */
export function section(title: string): string {
  const found = readme.split(/^## /m).find((each) => each.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`README.md has no section "${title}"`);
  return found;
}

/** A fenced block: its language, which may be followed by more, and its lines. */
export interface Block {
  language: string;
  text: string;
}

/** The fenced blocks in a piece of Markdown. */
export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => {
    return { language: language!, text: text! };
  });
}

/** The cells of the first column of all tables in a piece of Markdown, and of the second. */
export function rowsOf(markdown: string): [first: string, second: string][] {
  const rows = [...markdown.matchAll(/^\|(.*?[^\\])\|(.*?[^\\])\|/gm)];
  return rows.map(([, first, second]) => [first!.trim(), second!.trim()]);
}

/** A command in a terminal, and what it prints. */
export interface Shown {
  command: string;
  output: string;
}

/** The commands of a block that shows a terminal: each begins with a dollar sign. */
export function commandsOf({ text }: Block): Shown[] {
  return text.split(/^\$ /m).slice(1).map((each) => {
    const end = each.indexOf("\n");
    return { command: each.slice(0, end), output: each.slice(end + 1).trimEnd() };
  });
}

/** Output without what differs from run to run. */
export function steady(output: string): string {
  return output.replaceAll("\r", "").trimEnd()
    .replace(/^date: .*$/gm, "date: …")
    .replace(/^id: .*$/gm, "id: …")
    .replace(/"time":[\d.]+/g, '"time":…');
}
