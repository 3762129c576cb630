import { compilePattern, type Pattern } from "../../protocols/web/pattern.ts";
import type { RouteInfo } from "../handlers/handler.ts";
import { FileServer } from "./files/files.ts";
import type { FilesOptions } from "./files/files_options.ts";
import type { RootPart, WebPart } from "./part.ts";
import { passing } from "./proxy/proxy.ts";

/** What rewrites need beside their rules. */
interface RewriteOptions {
  /** How files are shown, wherever they are. */
  files: Omit<FilesOptions, "root" | "prefix">;
  /** Where the listener listens. */
  port: number;
  /** Parts that are asked for the files of a root before they are shown. */
  parts?: (root: string) => readonly RootPart[];
}

interface Rule {
  /**
   * How many characters of the path the target takes the place of; undefined when nothing matches.
   */
  matches(url: URL): number | undefined;
  answer(request: Request, info: RouteInfo, mount: string): ReturnType<WebPart>;
}

/**
 * Gives some paths and hosts another root, or another server; the first rule that matches counts. A
 * whole port can be redirected. Keys are a pattern of paths, `@host` or `%port`.
 */
export function rewrites(
  rules: Readonly<Record<string, string>>,
  { files, port, parts = () => [] }: RewriteOptions,
): WebPart {
  const elsewhere = rules[`%${port}`];
  if (elsewhere !== undefined) return (request) => redirect(request, elsewhere);
  const roots = Object.entries(rules).filter(([from]) => !from.startsWith("%"))
    .map(([from, root]): Rule => ({
      matches: from.startsWith("@") ? byHost(from.slice(1)) : byPath(compilePattern(from)),
      answer: /^https?:\/\//.test(root)
        ? passing({ to: [root] })
        : byFiles({ ...files, root }, parts(root)),
    }));
  return (request, info) => {
    const url = new URL(request.url);
    for (const { matches, answer } of roots) {
      const length = matches(url);
      if (length !== undefined) return answer(request, info, url.pathname.slice(0, length));
    }
  };
}

function byFiles(options: FilesOptions, parts: readonly RootPart[]): Rule["answer"] {
  const server = new FileServer(options);
  return async (request, info, mount) => {
    for (const part of parts) {
      const answer = await part(request, info, mount);
      if (answer !== undefined) return answer;
    }
    return await server.answer(request, mount);
  };
}

function redirect(request: Request, to: string): Response {
  const { pathname, search } = new URL(request.url);
  const location = to.replace(/\/$/, "") + pathname + search;
  return new Response(null, { status: 301, headers: { location } });
}

function byHost(host: string): Rule["matches"] {
  return ({ hostname }) => hostname === host.toLowerCase() ? 0 : undefined;
}

/** `/docs` stands for itself and what is below it, and not for `/docsy`. */
function byPath(pattern: Pattern): Rule["matches"] {
  return ({ pathname }) => {
    const length = pattern(pathname);
    if (length === 0) return undefined;
    const isWhole = length === pathname.length || pathname[length] === "/" ||
      pathname[length - 1] === "/";
    return isWhole ? length : undefined;
  };
}
