import { resolve } from "node:path";
import { LockTable } from "../../../protocols/web/dav/locks.ts";
import { parseFilePath } from "../../../protocols/web/path.ts";
import type { RouteInfo } from "../../handlers/handler.ts";
import type { Later } from "../../hooks/hooks.ts";
import { tagOf } from "../files/file_answer.ts";
import type { WebPart } from "../part.ts";
import { loginOf } from "../protect.ts";
import { isUnder, withScope } from "../scope.ts";
import { DavChanges } from "./dav_changes.ts";
import { submittedTokens } from "./dav_guard.ts";
import { DavLocks } from "./dav_locks.ts";
import { DavProperties } from "./dav_properties.ts";
import { DavReads } from "./dav_reads.ts";
import {
  type DavRequest,
  type DavRights,
  type DavState,
  defaults,
  hrefOf,
  keyOfNames,
  status,
} from "./dav_request.ts";
import { DavTree } from "./dav_tree.ts";

/**
 * Which files may be changed through WebDAV, and by whom.
 *
 * @example Only for those who know the word
 * ```ts
 * import { gateway, http, tcp, webdav, type WebdavOptions, type WebPart } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const auth: WebPart = ({ headers }) =>
 *   headers.get("x-word") === "sesame" ? undefined : new Response("Say it\n", { status: 403 });
 * const options: WebdavOptions = { root: await Deno.makeTempDir(), prefix: "/dav", auth };
 * const part = webdav(options);
 * await using hub = gateway();
 * hub.handle("/dav/*", async (request, info) => (await part(request, info))!);
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}/dav/photos`;
 * const refused = await fetch(url, { method: "MKCOL" });
 * assert.deepEqual([refused.status, await refused.text()], [403, "Say it\n"]);
 * const made = await fetch(url, { method: "MKCOL", headers: { "x-word": "sesame" } });
 * assert.equal(made.status, 201);
 * ```
 */
export interface WebdavOptions {
  /**
   * The directory of the files; nothing outside it can be reached. Without it all requests fail.
   */
  root?: string;
  /** The beginning of request paths that is no part of the file's path, such as `/dav`. */
  prefix?: string;
  /**
   * Who is let in: a part that answers those who are not, as `protect` makes it, or `"-"` for
   * everybody. Without it all requests fail.
   */
  auth?: "-" | WebPart;
  /** Whether names that begin with a dot can be used; default false. */
  dotfiles?: boolean;
  /** Bytes of one file; default 5 GiB. */
  maxFileBytes?: number;
  /**
   * Says whether a client may write paths that are not in the request line: that in `Destination`,
   * and all that is in a directory which is copied, moved, replaced or removed; `request` is the one
   * that wants it. Default: it may.
   */
  mayWrite?: (path: string, info: RouteInfo, request: Request) => Later<boolean>;
  /** The same for paths that are copied, moved or listed by PROPFIND. Default: it may. */
  mayRead?: (path: string, info: RouteInfo, request: Request) => Later<boolean>;
}

const METHODS = [
  "OPTIONS",
  "PROPFIND",
  "PROPPATCH",
  "MKCOL",
  "PUT",
  "DELETE",
  "COPY",
  "MOVE",
  "LOCK",
  "UNLOCK",
];

/**
 * Makes a part of a web site that changes files by WebDAV, class 1 and 2 (RFC 4918). GET and HEAD
 * are left to the next part. Properties that clients set are kept in a hidden file of each
 * directory; locks last until the process ends at most.
 *
 * @example A directory that everybody may change
 * ```ts
 * import { files, gateway, http, tcp, webdav } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const root = await Deno.makeTempDir();
 * const change = webdav({ root, auth: "-" }), show = files({ root });
 * await using hub = gateway();
 * hub.handle("/*", async (request, info) => await change(request, info) ?? show(request, info));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}/note.txt`;
 * assert.equal((await fetch(url, { method: "PUT", body: "Hello!" })).status, 201);
 * assert.equal(await (await fetch(url)).text(), "Hello!");
 * ```
 */
export function webdav(options: WebdavOptions): WebPart {
  const { root, auth, dotfiles = false, maxFileBytes = defaults.maxFileBytes } = options;
  const prefix = (options.prefix ?? "").replace(/\/+$/, "");
  const tree = root === undefined ? undefined : new DavTree(root, dotfiles);
  const state: DavState | undefined = tree === undefined ? undefined : {
    tree,
    locks: locksOf(root!),
    properties: new DavProperties(tree),
    prefix,
    maxFileBytes,
    namesOf: ({ pathname }) =>
      isUnder(pathname, prefix) ? parseFilePath(pathname.slice(prefix.length))?.names : undefined,
  };
  const part: WebPart = async (request, info) => {
    const url = new URL(request.url);
    if (!METHODS.includes(request.method) || !isUnder(url.pathname, prefix)) return undefined;
    if (state === undefined || auth === undefined) return status(403);
    const refused = auth === "-" ? undefined : await auth(request, info);
    if (refused !== undefined) return refused;
    const found = await read(state, request, url);
    if (typeof found === "number") return status(found);
    const user = loginOf(request) ?? info.identity.user;
    return await answer(state, {
      ...found,
      user,
      rights: rightsOf(options, prefix, request, info),
    });
  };
  // GET is none of its methods.
  return withScope(part, () => false);
}

/** The locks of each root: several parts may change the same files, and a lock counts for all. */
const tables = new Map<string, WeakRef<LockTable>>();

function locksOf(root: string): LockTable {
  const path = resolve(root);
  const locks = tables.get(path)?.deref() ?? new LockTable();
  tables.set(path, new WeakRef(locks));
  return locks;
}

/** What the options let somebody do; undefined when they say nothing of it. */
function rightsOf(
  { mayRead, mayWrite }: WebdavOptions,
  prefix: string,
  request: Request,
  info: RouteInfo,
): DavRights | undefined {
  if (mayRead === undefined && mayWrite === undefined) return undefined;
  const pathOf = (names: readonly string[]) => hrefOf(prefix, names, false);
  return {
    mayRead: (names) => mayRead?.(pathOf(names), info, request) ?? true,
    mayWrite: (names) => mayWrite?.(pathOf(names), info, request) ?? true,
  };
}

/** What a request asks for; a status when its path or its conditions forbid it. */
async function read(
  state: DavState,
  request: Request,
  url: URL,
): Promise<Omit<DavRequest, "user" | "rights"> | 400 | 403 | 412> {
  const { locks, tree, prefix } = state;
  const file = parseFilePath(url.pathname.slice(prefix.length));
  if (file === undefined) return 403;
  const now = Date.now(), path = keyOfNames(file.names);
  const tokens = await submittedTokens(request.headers.get("if"), {
    path,
    locks,
    now,
    pathOf: (given) => {
      const isUrl = URL.canParse(given, request.url);
      const names = isUrl ? state.namesOf(new URL(given, request.url)) : undefined;
      return names && keyOfNames(names);
    },
    etagOf: async (of) => {
      const found = await tree.find(of.split("/").filter((name) => name !== ""));
      return found && tagOf(found);
    },
  });
  return typeof tokens === "number" ? tokens : { request, ...file, path, tokens, now };
}

async function answer(state: DavState, asked: DavRequest): Promise<Response> {
  switch (asked.request.method) {
    case "OPTIONS": {
      const allow = ["GET", "HEAD", ...METHODS].join(", ");
      // Windows looks for `MS-Author-Via`.
      const headers = { allow, dav: "1, 2", "ms-author-via": "DAV" };
      return new Response(null, { status: 200, headers });
    }
    case "PROPFIND":
      return await new DavReads(state).propfind(asked);
    case "PROPPATCH":
      return await new DavReads(state).proppatch(asked);
    case "LOCK":
      return await new DavLocks(state).lock(asked);
    case "UNLOCK":
      return new DavLocks(state).unlock(asked);
    default:
      return await new DavChanges(state).change(asked);
  }
}
