import type { Gateway } from "../gateway.ts";
import type { Log } from "../log.ts";
import type { FilesOptions } from "./files_options.ts";
import type { WebPart } from "./part.ts";

/**
 * Which files are run as CGI scripts, and within what bounds.
 *
 * @example Scripts of one interpreter, not more than four at once
 * ```ts
 * import { cgi, type CgiOptions, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const options: CgiOptions = {
 *   hub,
 *   root: "public",
 *   pattern: "**.py$",
 *   interpreter: "/usr/bin/python3",
 *   maxRunning: 4,
 * };
 * assert.equal(typeof cgi(options), "function");
 * ```
 */
export interface CgiOptions
  extends Pick<FilesOptions, "prefix" | "index" | "hidden" | "dotfiles" | "outsideLinks"> {
  /** The gateway whose actors the scripts are. */
  hub: Pick<Gateway, "spawn">;
  /** The directory; nothing outside it is run. */
  root: string;
  /** The paths that are scripts, such as `**.cgi$`. */
  pattern: string;
  /** What runs them in place of their first line; then they need not be executable. */
  interpreter?: string | undefined;
  /** Variables of all scripts beside those of CGI. */
  variables?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds that a script may take, its answer included; default 60,000. */
  timeoutMs?: number | undefined;
  /** Bytes that a script may answer with; default 64 MiB. */
  maxOutputBytes?: number | undefined;
  /** Scripts that run at once; default 32. */
  maxRunning?: number | undefined;
  /** Asked for paths of this server that scripts send in `Location`; without it clients are. */
  redirected?: WebPart | undefined;
  /** Hears what scripts complain of. */
  log?: Log | undefined;
}

export const defaults = {
  /** 60 s: as long as browsers and proxies wait for an answer. */
  timeoutMs: 60_000,
  /** 64 MiB: a script that writes for ever fills no disk behind us. */
  maxOutputBytes: 64 << 20,
  /** 32: each is a process of its own. */
  maxRunning: 32,
  /** 64 KiB of header fields, as much as clients may send. */
  headBytes: 64 << 10,
};
