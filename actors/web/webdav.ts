import { formatFilePath, parseFilePath } from "../../protocols/web/path.ts";
import { LockTable } from "../../protocols/web/locks.ts";
import { parseXml, type XmlElement } from "../../protocols/web/xml.ts";
import type { HandlerInfo } from "../handler.ts";
import { DavChanges } from "./dav_changes.ts";
import { submittedTokens } from "./dav_guard.ts";
import { DavLocks } from "./dav_locks.ts";
import { DavProperties } from "./dav_properties.ts";
import { DavReads } from "./dav_reads.ts";
import { DavTree } from "./dav_tree.ts";
import { tagOf } from "./file_answer.ts";
import type { WebPart } from "./part.ts";

/** What may be changed through WebDAV, and by whom. */
export interface WebdavOptions {
  /** The directory; unset, every request of WebDAV fails. */
  root?: string;
  /** What request paths begin with that is no part of the file's path. */
  prefix?: string;
  /** `"-"` lets everybody in; a part answers those who may not. Unset, every request fails. */
  auth?: "-" | WebPart;
  /** Whether names that begin with a dot can be used; default false. */
  dotfiles?: boolean;
}

/** 256 KiB: bodies of XML are kept whole. */
const BODY_BYTES = 256 << 10;

export const METHODS = [
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

/** What the methods of one WebDAV share about a request. */
export interface DavRequest {
  readonly request: Request;
  readonly names: readonly string[];
  /** The path below the root; the key of locks and properties. */
  readonly path: string;
  readonly isDirectory: boolean;
  readonly tokens: ReadonlySet<string>;
  readonly now: number;
}

/** What the methods of one WebDAV share. */
export interface DavState {
  readonly tree: DavTree;
  readonly locks: LockTable;
  readonly properties: DavProperties;
  readonly prefix: string;
  /** The names that a URL or a path means; undefined when it lies elsewhere. */
  namesOf(url: URL): readonly string[] | undefined;
}

/** Changes files through WebDAV, class 1 and 2 (RFC 4918); GET and HEAD go to the next part. */
export function webdav(options: WebdavOptions): WebPart {
  const { root, prefix = "", auth, dotfiles = false } = options;
  const tree = root === undefined ? undefined : new DavTree(root, dotfiles);
  const state = tree && {
    tree,
    locks: new LockTable(),
    properties: new DavProperties(),
    prefix,
    namesOf: ({ pathname }: URL) => {
      if (!pathname.startsWith(prefix)) return undefined;
      return parseFilePath(pathname.slice(prefix.length))?.names;
    },
  };
  return async (request, info) => {
    const url = new URL(request.url);
    if (!METHODS.includes(request.method) || !isUnder(url.pathname, prefix)) return undefined;
    if (state === undefined || auth === undefined) return status(403);
    const refused = auth === "-" ? undefined : await auth(request, info);
    return refused ?? await answer(state, request, url, info);
  };
}

function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

async function answer(state: DavState, request: Request, url: URL, _: HandlerInfo) {
  const file = parseFilePath(url.pathname.slice(state.prefix.length));
  if (file === undefined) return status(403);
  const { method } = request, now = Date.now(), path = keyOfNames(file.names);
  const tokens = await submittedTokens(request.headers.get("if"), {
    path,
    locks: state.locks,
    now,
    pathOf: (given) => {
      const names = URL.canParse(given, request.url)
        ? state.namesOf(new URL(given, request.url))
        : undefined;
      return names && keyOfNames(names);
    },
    etagOf: async (of) => {
      const names = parseFilePath(encodeURI(of))?.names;
      const found = names && await state.tree.find(names);
      return found && tagOf(found);
    },
  });
  if (typeof tokens === "number") return status(tokens);
  const asked = { request, ...file, path, tokens, now };
  if (method === "OPTIONS") {
    const allow = ["GET", "HEAD", ...METHODS].join(", ");
    const headers = { allow, dav: "1, 2", "ms-author-via": "DAV" };
    return new Response(null, { status: 200, headers });
  }
  const reads = new DavReads(state), changes = new DavChanges(state), locks = new DavLocks(state);
  if (method === "PROPFIND") return await reads.propfind(asked);
  if (method === "PROPPATCH") return await reads.proppatch(asked);
  if (method === "LOCK") return await locks.lock(asked);
  if (method === "UNLOCK") return await locks.unlock(asked);
  if (method === "MKCOL") return await changes.mkcol(asked);
  if (method === "PUT") return await changes.put(asked);
  if (method === "DELETE") return await changes.delete(asked);
  return await changes.transfer(asked);
}

/** The key of these names. */
export function keyOfNames(names: readonly string[]): string {
  return `/${names.join("/")}`;
}

/** The path of these names in URLs. */
export function hrefOf(prefix: string, names: readonly string[], isDirectory: boolean): string {
  return prefix + formatFilePath({ names, isDirectory });
}

/** An answer without more than its status. */
export function status(code: number, text?: string): Response {
  return new Response(text ?? null, { status: code });
}

/** The XML in a body; undefined when there is none, a status when it cannot be used. */
export async function readXml(request: Request): Promise<XmlElement | undefined | 400 | 413> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > BODY_BYTES) return 413;
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    const bytes = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
    return parseXml(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) ?? 400;
  } catch (error) {
    if (error instanceof TypeError) return 400;
    throw error;
  }
}
