import { fileURLToPath } from "node:url";
import { Child } from "../interop/child.ts";

const root = new URL("../../", import.meta.url);

/** The file that is run, as one names it in the folder of the project. */
export const entry = fileURLToPath(new URL("mod.ts", root));

/** How the command is started. */
export interface StartOptions {
  /** Flags of Deno; default: everything is allowed. */
  deno?: readonly string[];
  cwd?: string;
}

/** Starts the command; it may end at once. */
export function start(args: readonly string[], options: StartOptions = {}): Child {
  const { deno = ["-A"], cwd = fileURLToPath(root) } = options;
  const env = { NO_COLOR: "1" };
  // What one test leaves behind is nothing for the next.
  const data = args[0]?.startsWith("-") !== false && !args.includes("--data")
    ? ["--data", ":memory:"]
    : [];
  return new Child(Deno.execPath(), ["run", ...deno, entry, ...args, ...data], { cwd, env });
}

/** A gateway that is up. */
export interface Running extends AsyncDisposable {
  child: Child;
  /** The port of each listener, in the order in which they were given. */
  ports: number[];
  /** What it said about its listeners. */
  lines: string[];
}

/** Starts the command with these listeners, and waits until they are up. */
export async function listening(
  urls: readonly string[],
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<Running> {
  const child = start([...urls.flatMap((url) => ["--listen", url]), ...args], options);
  try {
    const lines = await child.linesFrom(0, urls.length);
    const ports = lines.map((line) => Number(/:(\d+)$/.exec(line)?.[1] ?? 0));
    return { child, ports, lines, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}
