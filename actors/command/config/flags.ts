import { parseArgs } from "node:util";
import { suggestion } from "../settings/nearest.ts";
import { quote } from "../settings/place.ts";
import type { Setting, Table } from "../settings/record.ts";
import { settings } from "../settings/settings.ts";

/** A setting that has a flag. */
export interface Flag {
  /** As it is written: `--listen`. */
  readonly name: string;
  /** Where its value stands in the file: `listen`, `tls.cert`. */
  readonly path: string;
  readonly setting: Setting<unknown>;
}

/** What a command line says, as a file would say it. */
interface FlagValues {
  readonly raw: Record<string, unknown>;
  /** The flags that were given, by the paths of what they set. */
  readonly given: ReadonlyMap<string, string>;
  readonly faults: readonly string[];
}

/** Every flag, in the order in which help shows them. */
export const flags: readonly Flag[] = [...flagsOf(settings, "")];

/** Reads the flags of a command. Values come out as written, for the settings to judge. */
export function readFlags(args: string[]): FlagValues {
  const raw: Record<string, unknown> = {};
  const given = new Map<string, string>();
  const faults: string[] = [];
  for (const token of tokensOf(args)) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      faults.push(unexpected(token.value));
      continue;
    }
    const flag = flags.find(({ name }) => name === `--${token.name}`);
    if (flag === undefined) {
      const known = flags.map(({ name }) => name);
      faults.push(
        `Unknown flag ${quote(token.rawName)}${suggestion(token.rawName, known, "--help")}`,
      );
      continue;
    }
    const value = valueOf(flag, token);
    if (value === undefined) {
      faults.push(`Missing value for ${flag.name}: give ${flag.name} ${flag.setting.kind.hint}`);
      continue;
    }
    given.set(flag.path, flag.name);
    put(raw, flag, value);
  }
  return { raw, given, faults };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function tokensOf(args: string[]) {
  const options = flags.map(({ name, setting }) => [name.slice(2), {
    type: isSwitch(setting) ? "boolean" as const : "string" as const,
    ...setting.short !== undefined && { short: setting.short },
    multiple: true,
  }]);
  // Not strict: its own errors do not say what would be right.
  const config = { strict: false, tokens: true, allowPositionals: true } as const;
  return parseArgs({ ...config, args, options: Object.fromEntries(options) }).tokens;
}

function valueOf({ setting }: Flag, { value, inlineValue }: OptionToken): unknown {
  if (isSwitch(setting)) {
    return value === undefined || value === "true" || (value !== "false" && value);
  }
  // What follows is more likely the next flag than a value that begins with a dash.
  return inlineValue || !value?.startsWith("-") ? value : undefined;
}

function put(raw: Record<string, unknown>, { path, setting }: Flag, value: unknown): void {
  const names = path.split(".");
  const last = names.pop()!;
  let object = raw;
  for (const name of names) object = (object[name] ??= {}) as Record<string, unknown>;
  if (setting.kind.many) ((object[last] ??= []) as unknown[]).push(value);
  else object[last] = value;
}

function unexpected(word: string): string {
  return /[:/]/.test(word)
    ? `Unexpected ${quote(word)}: to listen there, write --listen before it`
    : `Unexpected ${quote(word)}: a command comes first, and a value after its flag`;
}

function isSwitch({ kind }: Setting<unknown>): boolean {
  return kind.hint === "";
}

function* flagsOf(table: Table, path: string): Generator<Flag> {
  for (const [name, setting] of Object.entries(table)) {
    if (setting.flag !== undefined) yield { name: `--${setting.flag}`, path: path + name, setting };
    if (setting.kind.members) yield* flagsOf(setting.kind.members, `${path}${name}.`);
  }
}
