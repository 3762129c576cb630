const words: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EISDIR: "it is a folder, not a file",
  EACCES: "its permissions do not allow it",
  EADDRINUSE: "something else listens there already",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "there is no such host",
};

const UNKNOWN_AUTHORITY = "its certificate is signed by nobody known here; " +
  'give the authority\'s with --cafile, or as "ca" of "tls"';

/** Why the system refused something, for people; in its own words where we have no better ones. */
export function wordsOf(error: unknown): string {
  const { code, message, cause } = (error ?? {}) as {
    code?: string;
    message?: string;
    cause?: unknown;
  };
  // `fetch` says no more than this itself; what went wrong is in its cause.
  if (message === "fetch failed" && cause !== undefined) {
    return wordsOf(cause).replace(
      /^error sending request for url .*? \(Connect\): (?:dns error: )?/,
      "",
    );
  }
  const known = code === undefined ? undefined : words[code];
  if (known !== undefined) return known;
  const text = String(message || error).split("\n")[0]!;
  const [whole, access, to] = /Requires (\w+) access to "([^"]*)".*/.exec(text) ?? [];
  if (whole !== undefined) {
    // Packages read one variable after the other: allowing the first would only lead to the next.
    const flag = access === "env" ? "--allow-env" : `--allow-${access}=${to}`;
    return text.replace(whole, () => `Deno was not allowed to; run it with ${flag}`);
  }
  const unsigned = /unable to verify the first .*|self-signed .*|(invalid peer .*)?UnknownIssuer/;
  if (unsigned.test(text)) return text.replace(unsigned, UNKNOWN_AUTHORITY);
  const lost = /failed to lookup address information: .*/;
  if (lost.test(text)) return text.replace(lost, words.ENOTFOUND!);
  return text.replace(/ \(os error \d+\).*$/, "");
}

/** Says that a listener could not start, and why. */
export class ListenError extends Error {
  constructor(url: string, cause: unknown) {
    // The transport has put its cause into a sentence already, which names less of the URL.
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
