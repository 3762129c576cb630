import type { Command } from "./command.ts";
import type { Flag } from "./config/flags.ts";
import { showDuration, showSize } from "./settings/kinds.ts";
import { type Limits, limits as limitsTable } from "./settings/limits.ts";
import { schemes } from "./settings/listen_url.ts";
import type { Setting } from "./settings/record.ts";

/** What help is about. */
interface HelpSubject {
  readonly program: string;
  readonly version: string;
  readonly commands: readonly Command[];
  readonly flags: readonly Flag[];
  /** The limits that hold when nothing is set. */
  readonly limits: Limits;
}

/** 80 columns: what every terminal has. */
const COLUMNS = 80;

/** The text of `--help`. */
export function help({ program, version, commands, flags, limits }: HelpSubject): string {
  const usage = commands.map(({ name, usage }, index) =>
    `${program} ${index === 0 ? `[${name}]` : name} ${usage}`.trimEnd()
  );
  return [
    `Meerkat ${version}: one gateway for HTTP, WebSocket, MQTT and CoAP`,
    `Usage: ${usage.join("\n       ")}`,
    section("Commands", commands.map(({ name, doc }) => [name, doc])),
    section("Flags", flags.map((flag) => [headOf(flag), sentenceOf(flag.setting)])),
    section(
      "Listeners",
      Object.entries(schemes).map(([scheme, { doc, port }]) => [
        port === 0 ? `${scheme}:/PATH` : `${scheme}://HOST:PORT`,
        port === 0 ? doc : `${doc}; port ${port} unless another is given`,
      ]),
      "Without a host a listener is on 127.0.0.1; [::] is every address, IPv4 and IPv6. " +
        "A port alone, as in --listen 8000, is HTTP.",
    ),
    section(
      "Limits",
      Object.entries(limitsTable).map(([name, setting]) => [
        name,
        sentenceOf({ ...setting, default: defaultOf(name, limits[name as keyof Limits]) }),
      ]),
      'They are set in the configuration file, in "limits" or for one listener.',
    ),
    section("Exit status", [
      ["0", "It did what was asked: a signal stopped the gateway, or nothing is wrong."],
      ["1", "A listener cannot start, the gateway failed, or a second signal came."],
      ["2", "Flags or files are wrong."],
    ]),
    `Examples:\n${examples(program).join("\n")}`,
  ].join("\n\n");
}

function examples(program: string): string[] {
  return [
    program,
    `${program} --listen mqtt://:1883 --listen http://:8080`,
    `${program} --listen any://[::]:8000 --allow-anonymous`,
    `${program} --listen mqtts: --cert cert.pem --key key.pem`,
    `${program} --config meerkat.json --log-level debug`,
    `${program} check --config meerkat.json`,
    `${program} schema > meerkat.schema.json`,
  ].map((line) => `  ${line}`);
}

function headOf({ name, setting: { kind, short } }: Flag): string {
  const names = short === undefined ? name : `-${short}, ${name}`;
  return kind.hint === "" ? names : `${names} ${kind.hint}`;
}

function sentenceOf({ doc, kind, default: usual }: Setting<unknown>): string {
  const often = kind.many ? " Can be repeated." : "";
  if (usual === undefined || usual === false) return doc + often;
  return `${doc}${often} Default: ${Array.isArray(usual) ? usual.join(", ") : usual}`;
}

function defaultOf(name: string, value: number | undefined): number | string | undefined {
  if (value === undefined) return undefined;
  if (name.endsWith("Bytes")) return showSize(value);
  return name.endsWith("Ms") ? showDuration(value) : value;
}

/** Columns that names take at most; the text behind a longer one begins on the next line. */
const MAX_HEAD = 28;

/** A heading, and lines of two columns. */
export function section(title: string, rows: [string, string][], note?: string): string {
  const width = Math.min(MAX_HEAD, Math.max(...rows.map(([head]) => head.length))) + 4;
  const lines = rows.map(([head, text]) => {
    const body = wrap(text, COLUMNS - width).join("\n" + " ".repeat(width));
    const start = `  ${head}`;
    return start.length > width - 2
      ? `${start}\n${" ".repeat(width)}${body}`
      : start.padEnd(width) + body;
  });
  return [`${title}:`, ...lines, ...note ? wrap(note, COLUMNS - 2).map((line) => `  ${line}`) : []]
    .join("\n");
}

function wrap(text: string, columns: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
