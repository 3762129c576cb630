import type { Gateway } from "../../gateway/gateway.ts";
import type { Log } from "../../log.ts";
import type { FilesOptions } from "../files/files_options.ts";
import type { WebPart } from "../part.ts";

/**
 * Which files are run as CGI scripts, and within what bounds.
 *
 * @example Scripts of one interpreter, four at once at most
 * ```ts
 * import { cgi, type CgiOptions, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const root = await Deno.makeTempDir();
 * const script = "echo Content-Type: text/plain; echo; echo $GREETING";
 * await Deno.writeTextFile(`${root}/hello.sh`, script);
 * await using hub = gateway();
 * const options: CgiOptions = {
 *   hub,
 *   root,
 *   pattern: "**.sh$",
 *   interpreter: "/bin/sh",
 *   variables: { GREETING: "Hello" },
 *   maxRunning: 4,
 * };
 * const scripts = cgi(options);
 * hub.handle("/*", async (request, info) => await scripts(request, info) ?? Response.error());
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const answer = await fetch(`http://127.0.0.1:${port}/hello.sh`);
 * assert.equal(await answer.text(), "Hello\n");
 * ```
 */
export interface CgiOptions
  extends Pick<FilesOptions, "prefix" | "index" | "hidden" | "dotfiles" | "outsideLinks"> {
  /** The gateway that runs the scripts as actors, and ends them when it stops. */
  hub: Pick<Gateway, "spawn">;
  /** The directory of the scripts; nothing outside it is run. */
  root: string;
  /** A pattern of the paths that are scripts, such as `**.cgi$`. */
  pattern: string;
  /**
   * A program that runs them. Default: they are executable, and their first line says what does.
   */
  interpreter?: string | undefined;
  /** Variables of the environment that all scripts get, beside those of CGI. */
  variables?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds that a script may take, its answer included; default 60,000. */
  timeoutMs?: number | undefined;
  /** Bytes that a script may answer with; default 64 MiB. */
  maxOutputBytes?: number | undefined;
  /** Scripts that run at once; default 32. */
  maxRunning?: number | undefined;
  /**
   * Answers for the paths of this server that scripts give in `Location` (RFC 3875 §6.3.2);
   * default: the client is redirected there.
   */
  redirected?: WebPart | undefined;
  /** Where what scripts write to standard error is logged. */
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
