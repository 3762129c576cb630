import type { Exchange } from "../../protocols/http/exchange.ts";
import { mayBeBelow } from "../../protocols/web/path.ts";
import type { ProtectSettings } from "../command/settings/protect_settings.ts";
import type { WebSettings } from "../command/settings/web_settings.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Handler, RouteInfo } from "../handlers/handler.ts";
import { withShortcut } from "../handlers/shortcut.ts";
import type { Policy } from "../identity/policy.ts";
import type { Log } from "../log.ts";
import { davParts } from "./dav/dav_site.ts";
import { dynamicParts } from "./dynamic/dynamic.ts";
import { checkDirectory } from "./files/file_root.ts";
import { files } from "./files/files.ts";
import { ownPages, preflighted } from "./own_pages.ts";
import type { RootPart, WebPart } from "./part.ts";
import { type DoorFiles, filesOf, guardPaths, protectRoot } from "./protect.ts";
import { passSockets } from "./proxy/pass_sockets.ts";
import { proxyTo, upstreamsOf } from "./proxy/proxy.ts";
import { rewrites } from "./rewrites.ts";
import { shortcutBehind, withScope } from "./scope.ts";
import { saveUpload } from "./upload.ts";

/** Answers the requests of one listener that nobody else answers. */
export type Site = (exchange: Exchange) => void;

/** What a site is made of. */
interface SiteOptions {
  /** The URL of its listener, and its port. */
  name: string;
  port: number;
  web: WebSettings;
  log: Log;
  /** Who may do what, also with the paths of the site. */
  policy?: Pick<Policy, "mayUse"> | undefined;
  /** Web pages of other origins that may change something. */
  origins?: readonly string[];
}

/** Puts the web site of a listener together. Rejects when its directory is not there. */
export async function openSite(hub: Gateway, options: SiteOptions): Promise<Site> {
  const { name, port, web, log, origins = [] } = options;
  const {
    root,
    rewrites: rules,
    upload,
    dav,
    cgi,
    ssi,
    proxy: proxies = [],
    protect: doors = [],
    errors = {},
    headers = {},
    ...look
  } = web;
  const shown = { ...look, headers };
  // In this order: access; logins; uploads; proxies, redirects and rewrites; WebDAV; CGI; SSI; files.
  // Pages of other origins are stopped before each that may change something, but for proxies.
  const { policy } = options;
  const parts: WebPart[] = policy ? [preflighted(guardPaths(policy), origins)] : [];
  const own = ownPages(origins);
  parts.push(ownPages(origins, "logins"));
  const logins: DoorFiles[] = [];
  for (const { path = "/", ...door } of doors) {
    if (door.file === undefined && root === undefined) continue;
    const part = protectRoot({ ...door, ...root !== undefined && { root } });
    const files = filesOf(part)!;
    parts.push(below(path, own), below(path, preflighted(part, origins)));
    logins.push(async (asked) => mayBeBelow(asked, path) ? await files(asked) : []);
  }
  const gates = [...parts];
  const pages = dynamicParts({
    hub,
    log,
    shown,
    settings: { cgi, ssi },
    again: (request, info) => ask(parts, request, info),
  });
  if (upload !== undefined) {
    await checkDirectory(upload.folder);
    parts.push(at(upload.path, own), at(upload.path, saveUpload(upload)));
  }
  for (const { health, ...each } of proxies) {
    const upstreams = upstreamsOf({ ...each, ...health && { health: { ...health, hub, log } } });
    parts.push(proxyTo(upstreams, each));
    passSockets(hub, each, { upstreams, listener: name, gates });
  }
  if (rules !== undefined) {
    const before = (of: string) => [own, ...doorsOf(of, doors), ...pages(of)];
    parts.push(rewrites(rules, { files: shown, port, parts: before }));
  }
  parts.push(own);
  if (dav !== undefined) parts.push(...await davParts(dav, { ...options, logins }));
  if (root !== undefined) {
    await checkDirectory(root);
    parts.push(...pages(root), files({ ...shown, root }));
  }
  const failed = (error: unknown) => log.error("crash", { actor: `site ${name}`, error });
  return hub.answering(`site ${name}`, chain(parts, { failed, errors, headers }));
}

/** Asks `door` about a path and all below it, however a client writes it. */
function below(path: string, door: RootPart): RootPart {
  const part: RootPart = async (request, info, prefix) =>
    mayBeBelow(new URL(request.url).pathname, path) ? await door(request, info, prefix) : undefined;
  withScope(part, (asked) => mayBeBelow(asked, path));
  return part;
}

/** The doors of directories in a root that is not the site's own. */
function doorsOf(root: string, doors: readonly ProtectSettings[]): RootPart[] {
  return doors.flatMap(({ path = "/", file: _, ...door }) =>
    door.perDirectory === undefined ? [] : [below(path, protectRoot({ ...door, root }))]
  );
}

/** What answers one path. */
function at(path: string, handler: WebPart): WebPart {
  const part: WebPart = (request, info) =>
    new URL(request.url).pathname === path ? handler(request, info) : undefined;
  return withScope(part, (asked) => asked === path);
}

/** What a chain does besides asking its parts. */
interface ChainOptions {
  /** Called with whatever a part throws. */
  failed(error: unknown): void;
  /** Paths of pages that are shown for a status. */
  errors?: Readonly<Record<string, string>>;
  /** Fields of every answer. */
  headers?: Readonly<Record<string, string>>;
}

/** Asks each part in turn; what none of them answers is not there. */
export function chain(parts: readonly WebPart[], options: ChainOptions): Handler {
  const { failed, errors = {}, headers = {} } = options;
  return withShortcut(async (request, info) => {
    let answer: Response;
    try {
      answer = await ask(parts, request, info);
      const page = errors[answer.status];
      if (page !== undefined) {
        answer = await withPage(answer, ask(parts, pageOf(request, page), info));
      }
    } catch (error) {
      // A part that gives up because the client has gone has done nothing wrong.
      if (!request.signal.aborted) failed(error);
      answer = new Response("This part of the site failed\n", { status: 500 });
    }
    const extra = Object.entries(headers);
    if (extra.every(([name, value]) => answer.headers.get(name) === value)) return answer;
    // The fields of an answer that came from elsewhere cannot be changed.
    const own = new Response(answer.body, answer);
    for (const [name, value] of extra) own.headers.set(name, value);
    return own;
  }, shortcutBehind(parts));
}

async function ask(
  parts: readonly WebPart[],
  request: Request,
  info: RouteInfo,
): Promise<Response> {
  for (const part of parts) {
    const answer = await part(request, info);
    if (answer !== undefined) return answer;
  }
  const path = new URL(request.url).pathname.slice(0, 200);
  return new Response(`Cannot find ${path}\n`, { status: 404 });
}

/** Asks for the page of an error as if the client had. */
function pageOf({ url, signal }: Request, path: string): Request {
  return new Request(new URL(path, url), { signal });
}

/** The answer with a page as its body, if there is that page. */
async function withPage(answer: Response, asked: Promise<Response>): Promise<Response> {
  const page = await asked;
  if (page.status !== 200) {
    await page.body?.cancel();
    return answer;
  }
  await answer.body?.cancel();
  const headers = new Headers(answer.headers);
  for (const name of ["content-type", "content-length"]) {
    const value = page.headers.get(name);
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  return new Response(page.body, { status: answer.status, headers });
}
