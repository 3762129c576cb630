import { readConfig } from "./config.ts";
import { checkFiles, type FileReader } from "./files.ts";
import { readFlags } from "./flags.ts";
import { resolve } from "./resolve.ts";
import type { Settings } from "./resolved.ts";
import { type Fault, Sources } from "./sources.ts";

/** What a command line asks for. */
export interface Loaded {
  /** Good for use when `faults` is empty. */
  readonly settings: Settings;
  readonly faults: readonly Fault[];
  /** The name of the configuration file. */
  readonly config: string | undefined;
}

/** Reads flags, the file that they name and the files that it names, and checks all of it. */
export async function load(
  args: string[],
  files: FileReader,
): Promise<Loaded | readonly Fault[]> {
  const flags = readFlags(args);
  if (flags.faults.length > 0) return flags.faults.map((line) => ({ line, code: 2 }));
  const config = typeof flags.raw.config === "string" && flags.raw.config || undefined;
  const file = config === undefined ? undefined : await readConfig(config, files.readFile);
  const sources = new Sources(flags.given, typeof file === "string" ? undefined : file);
  if (typeof file === "string") sources.faults.push({ line: file, code: 2 });
  const { settings, files: needed } = resolve(flags.raw, sources);
  await checkFiles(needed, files);
  return { settings, faults: sources.faults, config };
}
