import type { PolicyOptions } from "../identity/policy.ts";
import type { Log } from "../log.ts";
import { cert } from "./cert.ts";
import { check } from "./check.ts";
import { ask } from "./client/ask.ts";
import type { ClientHost } from "./client/client.ts";
import { observe } from "./client/observe.ts";
import { pub } from "./client/pub.ts";
import { resolveName } from "./client/resolve_name.ts";
import { sub } from "./client/sub.ts";
import { flags, readFlags } from "./config/flags.ts";
import type { Settings } from "./config/resolved.ts";
import { help } from "./help.ts";
import { passwd } from "./passwd.ts";
import type { Watch } from "./serve/after_changes.ts";
import { serve } from "./serve/serve.ts";
import type { Limits } from "./settings/limits.ts";
import { nearest } from "./settings/nearest.ts";
import { quote } from "./settings/place.ts";
import { schema } from "./settings/schema.ts";
import { storeCommands } from "./store_commands.ts";

/** The world as the command sees it. */
export interface CommandHost {
  readonly version: string;
  /** How help calls the program: `deno run -A mod.ts`, or the name of an executable. */
  readonly program: string;
  /** The limits that hold when nothing is set, for help and schema. */
  readonly limits: Limits;
  /** Starts the gateway. Rejects with a `ListenError` when a listener cannot start. */
  serve(settings: Settings, log: Log): Promise<Running>;
  /** What commands need that are clients. */
  readonly client?: ClientHost;
  stdout(line: string): void;
  stderr(line: string): void;
  readFile(path: string): Promise<string>;
  readBytes(path: string): Promise<Uint8Array>;
  readonly watch: Watch;
  /** Calls `heard` for every SIGINT and SIGTERM until the function it returns is called. */
  onSignal(heard: (signal: string) => void): () => void;
}

/** A gateway that is up. */
export interface Running {
  /** The URLs of its listeners, with the ports that the system chose. */
  readonly listeners: readonly string[];
  /** Resolves when it has stopped for a reason of its own; rejects when it failed. */
  readonly finished: Promise<void>;
  /** Puts other rules in force, for clients that are connected and for those to come. */
  renew(policy: PolicyOptions): void;
  /**
   * Stops accepting, tells the clients, and resolves when all have gone or `drainMs` have passed.
   */
  stop(drainMs: number): Promise<void>;
}

/** One command: a word that may stand first on the command line. */
export interface Command {
  readonly name: string;
  /** What may follow it. */
  readonly usage: string;
  /** One sentence for help. */
  readonly doc: string;
  /** True when it has flags of its own, and a help of its own. */
  readonly hasOwnFlags?: true;
  run(args: string[], host: CommandHost): Promise<number>;
}

/** Every command; without one it is the first. */
const commands: readonly Command[] = [
  {
    name: "serve",
    usage: "[flags]",
    doc: "Start the gateway; this is what happens without a command.",
    run: serve,
  },
  {
    name: "check",
    usage: "--config FILE [flags]",
    doc: "Say what is wrong with a configuration; exit 0 if nothing is, else 1.",
    run: check,
  },
  {
    name: "schema",
    usage: "",
    doc: "Print the JSON Schema of configuration files.",
    run: printSchema,
  },
  {
    name: "cert",
    usage: "[FOLDER] [--host NAME] [--client NAME]",
    doc: "Make a certificate authority and certificates to try TLS with; cert --help tells more.",
    hasOwnFlags: true,
    run: cert,
  },
  {
    name: "pub",
    usage: "URL -t TOPIC -m TEXT [flags]",
    doc: "Publish to an MQTT server; pub --help tells more.",
    hasOwnFlags: true,
    run: pub,
  },
  {
    name: "sub",
    usage: "URL -t FILTER [flags]",
    doc: "Print what an MQTT server has to say; sub --help tells more.",
    hasOwnFlags: true,
    run: sub,
  },
  {
    name: "get",
    usage: "URL [flags]",
    doc: "Read what a CoAP or HTTP server has; get --help tells more.",
    hasOwnFlags: true,
    run: ask("GET"),
  },
  {
    name: "put",
    usage: "URL -m TEXT [flags]",
    doc: "Set it; put --help tells more.",
    hasOwnFlags: true,
    run: ask("PUT"),
  },
  {
    name: "post",
    usage: "URL [-m TEXT] [flags]",
    doc: "Send a CoAP or HTTP server something; post --help tells more.",
    hasOwnFlags: true,
    run: ask("POST"),
  },
  {
    name: "delete",
    usage: "URL [flags]",
    doc: "Remove what a CoAP or HTTP server has; delete --help tells more.",
    hasOwnFlags: true,
    run: ask("DELETE"),
  },
  {
    name: "observe",
    usage: "URL [flags]",
    doc: "Print it each time that it changes; observe --help tells more.",
    hasOwnFlags: true,
    run: observe,
  },
  {
    name: "resolve",
    usage: "NAME [TYPE] [flags]",
    doc: "Print what DNS says about a name; resolve --help tells more.",
    hasOwnFlags: true,
    run: resolveName,
  },
  {
    name: "passwd",
    usage: "set|del|list|verify FILE [USER]",
    doc: "Keep the users of a password file; passwd --help tells more.",
    hasOwnFlags: true,
    run: passwd,
  },
  ...storeCommands,
];

/** Runs the command line; resolves with what the process is to exit with. */
export async function run(args: string[], host: CommandHost): Promise<number> {
  const [first = ""] = args;
  const word = first.startsWith("-") ? "" : first;
  const rest = word === "" ? args : args.slice(1);
  const own = commands.find(({ name, hasOwnFlags }) => hasOwnFlags && name === word);
  if (own !== undefined) return await own.run(rest, host);
  const { given } = readFlags(rest);
  if (given.has("help") || word === "help") {
    host.stdout(help({ commands, flags, ...host }));
    return 0;
  }
  if (given.has("version")) {
    host.stdout(`meerkat ${host.version}`);
    return 0;
  }
  const command = word === "" ? commands[0]! : commands.find(({ name }) => name === word);
  if (command !== undefined) return await command.run(rest, host);
  host.stderr(unknown(word));
  return 2;
}

function printSchema(args: string[], host: CommandHost): Promise<number> {
  if (args.length > 0) {
    host.stderr(`Unexpected ${quote(args[0])}: the command schema takes nothing`);
    return Promise.resolve(2);
  }
  host.stdout(JSON.stringify(schema(host.limits), null, 2));
  return Promise.resolve(0);
}

function unknown(word: string): string {
  if (/[:/]|^\d+$/.test(word)) {
    return `Unknown command ${quote(word)}: to listen there, write --listen before it`;
  }
  const names = commands.map(({ name }) => name);
  const near = nearest(word, names);
  return `Unknown command ${quote(word)}: ` +
    (near ? `did you mean "${near}"?` : `known are ${names.join(", ")}`);
}
