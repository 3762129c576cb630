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
    readBytes: (path) => Deno.readFile(path),
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
 * Milliseconds between two looks at files. Watching folders would tell of every write of a store.
 */
const LOOK_MS = 1_000;

/**
 * Calls `changed` when one of these files has changed, and on SIGHUP; the returned function ends
 * that.
 */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  let known = paths.map(markOf).join();
  const timer = setInterval(() => {
    const marks = paths.map(markOf).join();
    if (marks === known) return;
    known = marks;
    changed();
  }, LOOK_MS);
  const hasHangup = Deno.build.os !== "windows";
  if (hasHangup) Deno.addSignalListener("SIGHUP", changed);
  return () => {
    clearInterval(timer);
    if (hasHangup) Deno.removeSignalListener("SIGHUP", changed);
  };
}

/**
 * A text that changes with a file, also with the one that a link leads to; "" for an unreadable
 * one.
 */
function markOf(path: string): string {
  try {
    const { mtime, size, ino } = Deno.statSync(path);
    return `${mtime?.getTime()} ${size} ${ino}`;
  } catch {
    return "";
  }
}

/** What commands that are clients need of this process. */
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

/** A variable of the environment; undefined also where Deno was not allowed to read it. */
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
