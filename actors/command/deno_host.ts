import { basename, dirname } from "node:path";
import type { ClientHost } from "./client/client.ts";
import type { CommandHost } from "./command.ts";

/** Standard output, standard error, files and signals of this process. */
export function denoHost(
  rest: Pick<CommandHost, "version" | "program" | "limits" | "serve" | "client">,
): CommandHost {
  return {
    ...rest,
    stdout: (line) => write(Deno.stdout, line),
    stderr: (line) => write(Deno.stderr, line),
    readFile: (path) => Deno.readTextFile(path),
    watch: watchFiles,
    onSignal(heard) {
      // Windows has no SIGTERM.
      const signals = Deno.build.os === "windows"
        ? ["SIGINT", "SIGBREAK"] as const
        : ["SIGINT", "SIGTERM"] as const;
      const listeners = signals.map((signal) => [signal, () => heard(signal)] as const);
      for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
      return () => {
        for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
      };
    },
  };
}

/**
 * Calls `changed` when one of these files changes, and on SIGHUP; the answer ends that. A folder that
 * may not be watched is not: SIGHUP is there for it.
 */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  let watcher: Deno.FsWatcher | undefined;
  try {
    watcher = Deno.watchFs([...new Set(paths.map(dirname))], { recursive: false });
  } catch {
    // No permission, or no more watches to be had.
  }
  const concerns = concerning(paths);
  const hear = async (events: Deno.FsWatcher) => {
    for await (const event of events) if (concerns(event)) changed();
  };
  if (watcher !== undefined) hear(watcher).catch(() => {});
  const hasHangup = Deno.build.os !== "windows";
  if (hasHangup) Deno.addSignalListener("SIGHUP", changed);
  return () => {
    watcher?.close();
    if (hasHangup) Deno.removeSignalListener("SIGHUP", changed);
  };
}

/** Tells events of these files from those of others in their folders, such as a store's at each write. */
export function concerning(
  files: readonly string[],
): (event: Pick<Deno.FsEvent, "kind" | "paths">) => boolean {
  const names = new Set(files.map((each) => basename(each)));
  // A link changes with what it leads to, under whatever name.
  const isAny = files.some(isLink);
  // An event without names says that others were lost.
  return ({ kind, paths }) =>
    kind !== "access" &&
    (isAny || paths.length === 0 || paths.some((each) => names.has(basename(each))));
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}

/** What the commands need of this process that are clients. */
export function denoClientHost(
  clients: Pick<ClientHost, "connect" | "ask" | "follow" | "names">,
): ClientHost {
  return {
    ...clients,
    readBytes: (path) => Deno.readFile(path),
    input: () => Deno.stdin.readable,
    write: (bytes) => writeBytes(Deno.stdout, bytes),
    variable,
  };
}

/** A variable that may not be read is as good as none: `--allow-env` is for those who set it. */
function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}

function write(to: { writeSync(bytes: Uint8Array): number }, line: string): void {
  writeBytes(to, new TextEncoder().encode(line + "\n"));
}

function writeBytes(to: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  try {
    while (bytes.length > 0) bytes = bytes.subarray(to.writeSync(bytes));
  } catch {
    // Nobody reads it any more, as in `… | head -1`, which is no reason to stop serving.
  }
}
