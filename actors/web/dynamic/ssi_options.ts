import type { Gateway } from "../../gateway/gateway.ts";
import type { RouteInfo } from "../../handlers/handler.ts";
import type { Later } from "../../hooks/hooks.ts";
import type { Log } from "../../log.ts";
import type { FilesOptions } from "../files/files_options.ts";
import type { RootPart } from "../part.ts";

/**
 * What a function is told that a page calls by `<!--#call NAME argument -->`.
 *
 * @example A greeting by name
 * ```ts
 * import { escapeHtml, gateway, http, ssi, type SsiCall, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function greet({ argument, request }: SsiCall): string {
 *   const name = new URL(request.url).searchParams.get("name") ?? "you";
 *   return `${argument}, ${escapeHtml(name)}!`;
 * }
 *
 * const root = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${root}/index.shtml`, "<!--#call greet Good morning -->");
 * await using hub = gateway();
 * const pages = ssi({ hub, root, functions: { greet } });
 * hub.handle("/*", async (request, info) => (await pages(request, info))!);
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const answer = await fetch(`http://127.0.0.1:${port}/?name=Ann`);
 * assert.equal(await answer.text(), "Good morning, Ann!");
 * ```
 */
export interface SsiCall {
  /** The words behind the name of the function. */
  readonly argument: string;
  /** The path of the file that the directive stands in. */
  readonly file: string;
  /** The client's request, for this page or for one that includes it. */
  readonly request: Request;
  /** Where the client comes from, and who it is. */
  readonly info: RouteInfo;
}

/**
 * A function that pages call: what it returns takes the place of `<!--#call NAME … -->` in the
 * page. It is shown as it is, so use `escapeHtml` for what others have written.
 *
 * @example Functions that answer at once, and later
 * ```ts
 * import { gateway, http, ssi, type SsiFunction, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const sum: SsiFunction = ({ argument }) =>
 *   `${argument.split(" ").reduce((total, each) => total + Number(each), 0)}`;
 * const size: SsiFunction = async ({ file }) => `${(await Deno.stat(file)).size} bytes`;
 *
 * const root = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${root}/a.shtml`, "<!--#call sum 1 2 39 -->, <!--#call size -->");
 * await using hub = gateway();
 * const pages = ssi({ hub, root, functions: { sum, size } });
 * hub.handle("/*", async (request, info) => (await pages(request, info))!);
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * assert.equal(await (await fetch(`http://127.0.0.1:${port}/a.shtml`)).text(), "42, 44 bytes");
 * ```
 */
export type SsiFunction = (call: SsiCall) => Later<string | Uint8Array>;

/**
 * Which pages hold server-side includes, and what those may do.
 *
 * @example A program that pages may run, and no other
 * ```ts
 * import { gateway, http, ssi, type SsiOptions, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const root = await Deno.makeTempDir();
 * const page = '<!--#exec "echo hello" --><!--#exec "reboot" -->';
 * await Deno.writeTextFile(`${root}/index.shtml`, page);
 * await using hub = gateway();
 * const options: SsiOptions = { hub, root, exec: true, commands: ["echo hello"] };
 * const pages = ssi(options);
 * hub.handle("/*", async (request, info) => (await pages(request, info))!);
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const answer = await fetch(`http://127.0.0.1:${port}/`);
 * assert.equal(await answer.text(), "hello\n[cannot run a program]");
 * ```
 */
export interface SsiOptions extends Omit<FilesOptions, "listing" | "compress"> {
  /** The gateway whose topics `call topic NAME` shows, and whose actors programs are. */
  hub: Pick<Gateway, "retained" | "spawn">;
  /** A pattern of the paths of such pages; default `**.shtml$|**.shtm$`. */
  pattern?: string | undefined;
  /** Functions by the names with which pages call them: `<!--#call NAME … -->`. */
  functions?: Readonly<Record<string, SsiFunction>> | undefined;
  /** Whether pages may run programs; default false. */
  exec?: boolean | undefined;
  /** The command lines that pages may run, each exactly as it stands here; no shell reads them. */
  commands?: readonly string[] | undefined;
  /**
   * Runs scripts that pages include, as `cgi` makes it; default: they are included as files are.
   */
  cgi?: RootPart | undefined;
  /** Where includes that fail are logged; default: nowhere. */
  log?: Log | undefined;
}

/** The paths of pages with server-side includes. */
export const PATTERN = "**.shtml$|**.shtm$";

export const defaults = {
  /** 8 pages inside each other: more are a circle. */
  depth: 8,
  /** 256 directives for one answer: pages that include others twice grow with each level. */
  directives: 256,
  /** 4 MiB for one answer, which is put together in memory. */
  pageBytes: 4 << 20,
  /** 10 s for a program: the page waits for it. */
  execMs: 10_000,
};
