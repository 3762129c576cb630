import type { FileSource } from "./file_source.ts";

/**
 * Which files a file server shows, and how.
 *
 * @example A directory with a listing, and a type of its own
 * ```ts
 * import { files, type FilesOptions, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const root = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${root}/start.conf`, "on");
 * const options: FilesOptions = { root, listing: true, types: { ".conf": "text/plain" } };
 * await using hub = gateway();
 * hub.handle("/*", files(options));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}/`;
 * assert.match(await (await fetch(url)).text(), /start\.conf/);
 * assert.equal((await fetch(`${url}start.conf`)).headers.get("content-type"), "text/plain");
 * ```
 */
export interface FilesOptions {
  /** The directory of the files; nothing outside it can be reached. */
  root: string;
  /** Where the files are read from; default: the disk. */
  source?: FileSource;
  /** The beginning of request paths that is no part of the file's path, such as `/files`. */
  prefix?: string;
  /** Files shown for their directory; default `index.html`, `index.htm`, `index.shtml`. */
  index?: readonly string[];
  /** Whether directories without such a file are listed; default false. */
  listing?: boolean;
  /**
   * A pattern of names, or of whole paths, that are not shown, such as `**.bak$`; default: none.
   */
  hidden?: string;
  /** Whether names that begin with a dot are shown; default false, except for `.well-known`. */
  dotfiles?: boolean;
  /** Whether symbolic links may lead out of the root; default false. */
  outsideLinks?: boolean;
  /** Media types by extension, beside the usual ones, such as `{ ".conf": "text/plain" }`. */
  types?: Readonly<Record<string, string>>;
  /** Header fields of every answer, such as `{ "access-control-allow-origin": "*" }`. */
  headers?: Readonly<Record<string, string>>;
  /** Whether text is compressed for clients that accept it; default true. */
  compress?: boolean;
}

/** Names of files that stand for their directory. */
export const INDEX: readonly string[] = ["index.html", "index.htm", "index.shtml"];

export const defaults = {
  /** 1 KiB: anything shorter fits into one packet anyway, and gains nothing by compression. */
  compressedBytes: 1024,
  /** 1 MiB: longer files are compressed while they are sent, and not kept in memory meanwhile. */
  compressedAtOnceBytes: 1 << 20,
  /**
   * 256 KiB: the pieces in which a long file is read; one below 64 KiB costs more than its bytes.
   */
  pieceBytes: 256 << 10,
  /** 64 KiB: longer files are read each time. */
  keptFileBytes: 64 << 10,
  /** 8 MiB of short files for each root. */
  keptBytes: 8 << 20,
  /** 1 s: after this a kept answer is found anew, with all that may have changed around it. */
  keptMs: 1_000,
  /** 64 ways to write `Accept-Encoding`: browsers and libraries have a dozen together. */
  knownCodings: 64,
  /** 10,000 entries: a longer listing is cut, and says so. */
  listedEntries: 10_000,
};
