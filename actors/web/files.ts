import type { Handler } from "../handler.ts";

/** What a file server shows, and how. */
export interface FilesOptions {
  /** The directory; nothing outside it can be reached. */
  root: string;
  /** Files that stand for their directory; default `index.html`, `index.htm`, `index.shtml`. */
  index?: readonly string[];
  /** Whether directories without such a file are listed; default false. */
  listing?: boolean;
}

/** Shows the files below a directory. */
export function files(
  { root, index = ["index.html", "index.htm", "index.shtml"] }: FilesOptions,
): Handler {
  return async (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname);
    if (/[\\\0]|\.\./.test(path)) return new Response("Cannot find it\n", { status: 404 });
    for (const name of path.endsWith("/") ? index : [""]) {
      try {
        const bytes = await Deno.readFile(`${root}${path}${name}`);
        return new Response(request.method === "HEAD" ? null : bytes);
      } catch {
        // The next may be there.
      }
    }
    return new Response(`Cannot find ${path}\n`, { status: 404 });
  };
}
