import { parseArgs } from "node:util";
import { backupStore, exportStore, importStore } from "../store/transfer.ts";
import type { Command, CommandHost } from "./command.ts";
import { argumentFault } from "./config/argument_fault.ts";
import { wordsOf } from "./config/cause.ts";
import { quote } from "./settings/place.ts";
import { storeSettings } from "./settings/store_settings.ts";

/** 256 Mi characters in a line: a payload of 192 MiB. */
const MAX_LINE = 256 << 20;

/** What a command is given. */
interface Given {
  readonly data: string;
  /** What stands beside the flags. */
  readonly names: readonly string[];
}

/** The commands that take a store out of its file, or put it there. */
export const storeCommands: readonly Command[] = [
  command("export", 0, {
    usage: "[--data FILE]",
    doc: "Print all that a store holds, a JSON object in each line; the gateway may run.",
    run({ data }, host) {
      for (const line of exportStore(data)) host.stdout(line);
    },
  }),
  command("import", 1, {
    usage: "FROM [--data FILE]",
    doc: "Fill a new store with what export has printed.",
    async run({ data, names: [from] }, host) {
      const lines = await importStore(data, linesOf(await open(from!)), from);
      host.stdout(`${lines - 1} rows imported into ${data}`);
    },
  }),
  command("backup", 1, {
    usage: "TO [--data FILE]",
    doc: "Copy a store to another file; the gateway may run.",
    async run({ data, names: [to] }, host) {
      await backupStore(data, to!);
      host.stdout(`${data} copied to ${to}`);
    },
  }),
];

interface Recipe {
  readonly usage: string;
  readonly doc: string;
  run(given: Given, host: CommandHost): Promise<void> | void;
}

function command(name: string, names: number, { usage, doc, run }: Recipe): Command {
  return {
    name,
    usage,
    doc,
    hasOwnFlags: true,
    async run(args, host) {
      const given = read(args, { names, usage: `${name} ${usage}` });
      if (given === "help") {
        host.stdout(`${host.program} ${name} ${usage}\n\n${doc}`);
        return 0;
      }
      if (typeof given === "string") {
        host.stderr(given);
        return 2;
      }
      try {
        await run(given, host);
        return 0;
      } catch (error) {
        const words = wordsOf(error);
        host.stderr(words.startsWith("Cannot ") ? words : `Cannot ${name}: ${words}`);
        return 1;
      }
    },
  };
}

/** Reads the command line; a text says what is wrong with it. */
function read(
  args: string[],
  { names, usage }: { names: number; usage: string },
): Given | "help" | string {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        data: { type: "string", default: storeSettings.data.default },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) return "help";
    if (positionals.length < names) return `Missing ${/[A-Z]+/.exec(usage)![0]}: give ${usage}`;
    if (positionals.length > names) {
      return `Unexpected ${quote(positionals[names])}: give ${usage}`;
    }
    return { data: values.data, names: positionals };
  } catch (error) {
    return argumentFault(error, usage);
  }
}

/** A file; `-` is standard input. */
async function open(name: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  if (name === "-") return Deno.stdin.readable;
  try {
    return (await Deno.open(name)).readable;
  } catch (error) {
    throw new Error(`Cannot import ${quote(name)}: ${wordsOf(error)}`);
  }
}

async function* linesOf(
  source: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of source.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }))) {
    const lines = text.split("\n");
    lines[0] = rest + lines[0];
    rest = lines.pop()!;
    yield* lines;
    if (rest.length > MAX_LINE) throw new Error(`it is longer than ${MAX_LINE} characters`);
  }
  if (rest !== "") yield rest;
}
