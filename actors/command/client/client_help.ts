import { section } from "../help.ts";
import type { ClientFlag } from "./client_flags.ts";

/** The text that a command which is a client shows for `--help`. */
export function clientHelp(
  { usage, doc, flags, examples, status }: {
    usage: string;
    doc: string;
    flags: readonly ClientFlag[];
    examples: readonly string[];
    status: [string, string][];
  },
): string {
  return [
    doc,
    `Usage: ${usage}`,
    section("Flags", flags.map((flag) => [headOf(flag), flag.doc])),
    section("Exit status", status),
    `Examples:\n${examples.map((line) => `  ${line}`).join("\n")}`,
  ].join("\n\n");
}

function headOf({ name, short, hint }: ClientFlag): string {
  const names = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return hint === "" ? names : `${names} ${hint}`;
}
