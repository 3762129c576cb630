import type { Gateway } from "../gateway.ts";
import type { RouteInfo } from "../handlers/handler.ts";
import type { Later } from "../hooks.ts";
import type { Log } from "../log.ts";
import type { FilesOptions } from "./files_options.ts";
import type { RootPart } from "./part.ts";

/**
 * What a function of a page is told.
 *
 * @example The page that asks
 * ```ts
 * import type { SsiCall, SsiFunction } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const where: SsiFunction = ({ request }: SsiCall) => new URL(request.url).pathname;
 * assert.equal(typeof where, "function");
 * ```
 */
export interface SsiCall {
  /** What stands behind its name in the page. */
  readonly argument: string;
  /** The file that the directive stands in. */
  readonly file: string;
  /** What the client has asked for: the page, or one that includes it. */
  readonly request: Request;
  /** Who the client is. */
  readonly info: RouteInfo;
}

/**
 * Gives the text for `<!--#call NAME argument -->`. It is shown as it is: `escapeHtml` what others
 * have written.
 *
 * @example The time
 * ```ts
 * import type { SsiFunction } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const time: SsiFunction = ({ argument }) => argument === "utc" ? new Date().toISOString() : "";
 * assert.equal(typeof time, "function");
 * ```
 */
export type SsiFunction = (call: SsiCall) => Later<string | Uint8Array>;

/**
 * Which pages hold server-side includes, and what those may do.
 *
 * @example Two programs that pages may run, and no others
 * ```ts
 * import { gateway, ssi, type SsiOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const options: SsiOptions = { hub, root: "public", exec: true, commands: ["uptime", "date -u"] };
 * assert.equal(typeof ssi(options), "function");
 * ```
 */
export interface SsiOptions extends Omit<FilesOptions, "listing" | "compress"> {
  /** The gateway whose topics `call topic NAME` shows. */
  hub: Pick<Gateway, "retained" | "spawn">;
  /** The paths of such pages; default `**.shtml$|**.shtm$`. */
  pattern?: string | undefined;
  /** What `<!--#call NAME … -->` stands for. */
  functions?: Readonly<Record<string, SsiFunction>> | undefined;
  /** Whether pages may run programs; default false. */
  exec?: boolean | undefined;
  /** The command lines that they may run, word by word and without a shell. */
  commands?: readonly string[] | undefined;
  /** Runs what pages include that is a script. */
  cgi?: RootPart | undefined;
  /** Hears of includes that fail. */
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
