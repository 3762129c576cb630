import type { LockTable } from "../../../protocols/web/dav/locks.ts";
import { parseXml, type XmlElement } from "../../../protocols/web/dav/xml.ts";
import { formatFilePath } from "../../../protocols/web/path.ts";
import { readBody } from "../../handlers/read_body.ts";
import type { Later } from "../../hooks/hooks.ts";
import type { DavProperties } from "./dav_properties.ts";
import type { DavTree } from "./dav_tree.ts";

export const defaults = {
  /** 256 KiB: bodies of XML are kept whole. */
  xmlBytes: 256 << 10,
  /** 16 Mi characters: an answer to PROPFIND is kept whole, too. */
  answerLength: 16 << 20,
  /** 5 GiB: as uploads by forms. */
  maxFileBytes: 5 * 2 ** 30,
  /** 1 h: a client that wants its lock for longer refreshes it. */
  lockMs: 3_600_000,
};

/** What the methods of one WebDAV share about a request. */
export interface DavRequest {
  readonly request: Request;
  readonly names: readonly string[];
  /** The path below the root; the key of locks and properties. */
  readonly path: string;
  readonly isDirectory: boolean;
  readonly tokens: ReadonlySet<string>;
  /** The login of whoever asks, where there was one. */
  readonly user: string | undefined;
  readonly now: number;
  /** What whoever asks may do, as far as others than locks know; undefined for everything. */
  readonly rights: DavRights | undefined;
}

/** What somebody may do, by the names of files. */
export interface DavRights {
  mayRead(names: readonly string[]): Later<boolean>;
  mayWrite(names: readonly string[]): Later<boolean>;
}

/** What the methods of one WebDAV share. */
export interface DavState {
  readonly tree: DavTree;
  readonly locks: LockTable;
  readonly properties: DavProperties;
  readonly prefix: string;
  readonly maxFileBytes: number;
  /** The names that a URL or a path means; undefined when it lies elsewhere. */
  namesOf(url: URL): readonly string[] | undefined;
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
export function status(code: number): Response {
  return new Response(null, { status: code });
}

/** Ends what cannot be done, and says with which status. */
export class Refused extends Error {
  constructor(readonly status: number) {
    super(`Refused with ${status}`);
  }
}

/** The XML in a body; undefined when there is none, a status when it cannot be used. */
export async function readXml(request: Request): Promise<XmlElement | undefined | 400 | 413> {
  const bytes = await readBody(request, defaults.xmlBytes);
  if (bytes === undefined) return 413;
  if (bytes.length === 0) return undefined;
  try {
    return parseXml(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) ?? 400;
  } catch (error) {
    if (error instanceof TypeError) return 400;
    throw error;
  }
}
