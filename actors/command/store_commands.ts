import { parseArgs } from "node:util";
import { backupStore, exportStore, importStore } from "../store/transfer.ts";
import { wordsOf } from "./cause.ts";
import type { Command, CommandHost } from "./command.ts";
import { storeSettings } from "./store_settings.ts";

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
      const lines = await importStore(data, linesOf(from!));
      host.stdout(`${lines - 1} rows imported into ${data}`);
    },
  }),
  command("backup", 1, {
    usage: "TO [--data FILE]",
    doc: "Copy a store to another file; the gateway may run.",
    run({ data, names: [to] }, host) {
      backupStore(data, to!);
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
      const given = read(args, names);
      if (given === "help" || given === undefined) {
        const say = given === undefined ? host.stderr : host.stdout;
        say(`${host.program} ${name} ${usage}\n\n${doc}`);
        return given === undefined ? 2 : 0;
      }
      try {
        await run(given, host);
        return 0;
      } catch (error) {
        host.stderr(wordsOf(error));
        return 1;
      }
    },
  };
}

/** Undefined when it makes no sense. */
function read(args: string[], names: number): Given | "help" | undefined {
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
    return positionals.length === names ? { data: values.data, names: positionals } : undefined;
  } catch {
    return undefined;
  }
}

/** The lines of a file; `-` is standard input. */
async function* linesOf(name: string): AsyncGenerator<string> {
  const source = name === "-" ? Deno.stdin.readable : (await Deno.open(name)).readable;
  let rest = "";
  for await (const text of source.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}
