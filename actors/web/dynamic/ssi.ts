import { mediaTypeOf } from "../../../protocols/web/media_types.ts";
import { compilePattern } from "../../../protocols/web/pattern.ts";
import { FileRoot } from "../files/file_root.ts";
import { INDEX } from "../files/files_options.ts";
import type { RootPart } from "../part.ts";
import { findTarget } from "../target.ts";
import { PATTERN, type SsiOptions } from "./ssi_options.ts";
import { PageTooLong, SsiPage } from "./ssi_page.ts";

/**
 * Makes a part of a web site that shows pages with server-side includes; other paths are left to
 * the next part. Pages may hold:
 * - `<!--#include virtual="/path" -->`, or `file="name"`, or `abspath="/path"`: another file, page
 * or
 *   script;
 * - `<!--#call topic NAME -->`: the stored value of a topic;
 * - `<!--#call NAME words -->`: what a function of the options returns;
 * - `<!--#exec "command" -->`: what a program prints, if the options allow it.
 *
 * @example A page with a value of a topic and one of a function
 * ```ts
 * import { files, gateway, http, ssi, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const root = await Deno.makeTempDir();
 * const page = "<p><!--#call topic room/name --> <!--#call twice 21 --></p>";
 * await Deno.writeTextFile(`${root}/index.shtml`, page);
 * await using hub = gateway();
 * hub.publish("room/name", "<Attic>", { retain: true });
 * const functions = { twice: ({ argument }: { argument: string }) => `${Number(argument) * 2}` };
 * const pages = ssi({ hub, root, functions }), rest = files({ root });
 * hub.handle("/*", async (request, info) => await pages(request, info) ?? rest(request, info));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const answer = await fetch(`http://127.0.0.1:${port}/`);
 * assert.equal(await answer.text(), "<p>&#60;Attic&#62; 42</p>");
 * ```
 */
export function ssi(options: SsiOptions): RootPart {
  const { index = INDEX, types, headers: own = {} } = options;
  const root = new FileRoot(options), pattern = compilePattern(options.pattern ?? PATTERN);
  return async (request, info, prefix = options.prefix ?? "") => {
    if (request.method !== "GET" && request.method !== "HEAD") return undefined;
    const search = { root, prefix, pattern, index, open: false };
    const target = await findTarget(new URL(request.url).pathname, search);
    if (target === undefined) return undefined;
    const { names, found: { file } } = target;
    const headers = new Headers({
      "content-type": mediaTypeOf(names.at(-1) ?? file, types),
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
      ...own,
    });
    if (request.method === "HEAD") return new Response(null, { headers });
    const page = new SsiPage(options, { request, info, prefix, root, pattern });
    try {
      await page.expand(target);
      return new Response(page.bytes(), { headers });
    } catch (error) {
      if (!(error instanceof PageTooLong)) throw error;
      options.log?.warn("page too long", { file });
      return new Response("The page is longer than it may be\n", { status: 500 });
    }
  };
}
