import type { Exchange } from "../../protocols/http/exchange.ts";
import type { WebSettings } from "../command/web_settings.ts";
import type { Gateway } from "../gateway.ts";
import type { Handler } from "../handler.ts";
import type { Log } from "../log.ts";
import { shortcutOf, withShortcut } from "../shortcut.ts";
import { files } from "./files.ts";
import type { WebPart } from "./part.ts";

/** Answers the requests of one listener that nobody else answers. */
export type Site = (exchange: Exchange) => void;

/** What a site is made of. */
export interface SiteOptions {
  /** The URL of its listener. */
  name: string;
  web: WebSettings;
  log: Log;
}

/** Puts the web site of a listener together. Rejects when a directory is not there. */
export async function openSite(hub: Gateway, { name, web, log }: SiteOptions): Promise<Site> {
  // In this order: access; redirects, rewrites and proxies; WebDAV; CGI; SSI; files.
  const parts: WebPart[] = [];
  if (web.root !== undefined) {
    if (!(await Deno.stat(web.root)).isDirectory) {
      throw new Error(`cannot show the files of "${web.root}": it is not a directory`);
    }
    parts.push(files({ ...web, root: web.root }));
  }
  const failed = (error: unknown) => log.error("crash", { actor: `site ${name}`, error });
  return hub.answering(`site ${name}`, chain(parts, failed));
}

/** Asks each part in turn; what none of them answers is not there. */
export function chain(parts: readonly WebPart[], failed: (error: unknown) => void): Handler {
  // Only what asks nobody else first can take the short way.
  const shortcut = parts.length === 1 ? shortcutOf(parts[0] as Handler) : undefined;
  return withShortcut(async (request, info) => {
    try {
      for (const part of parts) {
        const answer = await part(request, info);
        if (answer !== undefined) return answer;
      }
      return new Response(`Cannot find ${new URL(request.url).pathname}\n`, { status: 404 });
    } catch (error) {
      // What gives up because the client has gone has done nothing wrong.
      if (!request.signal.aborted) failed(error);
      return new Response("This part of the site failed\n", { status: 500 });
    }
  }, shortcut);
}
