const words: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EISDIR: "it is a folder, not a file",
  EACCES: "its permissions do not allow it",
  EADDRINUSE: "something else listens there already",
  EADDRNOTAVAIL: "this machine has no such address",
};

/** Why the system refused something, for people; in its own words where we have no better ones. */
export function wordsOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  const known = code === undefined ? undefined : words[code];
  if (known !== undefined) return known;
  const text = String(message || error).split("\n")[0]!;
  const [, access, to] = /^Requires (\w+) access to "([^"]*)"/.exec(text) ?? [];
  if (access !== undefined) return `Deno was not allowed to; run it with --allow-${access}=${to}`;
  return text.replace(/ \(os error \d+\).*$/, "");
}

/** A listener could not start. Thrown by whoever starts it, for the command to report. */
export class ListenError extends Error {
  constructor(url: string, cause: unknown) {
    // A transport has said so already, with less of the URL.
    if (cause instanceof Error && cause.message.startsWith("Cannot listen on ")) {
      cause = cause.cause ?? cause;
    }
    // An unprivileged process may not have the ports below 1024 on most systems.
    const low = (cause as { code?: string } | undefined)?.code === "EACCES" &&
      /:(?:\d{1,3}|10[01]\d|102[0-3])$/.test(url);
    const why = low ? "ports below 1024 are for root alone here" : wordsOf(cause);
    super(`Cannot listen on ${url}: ${why}`, { cause });
  }
}
