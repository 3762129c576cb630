import { join } from "node:path";

/**
 * Where files are read from: `Deno` itself has this shape, and so can whatever else keeps files.
 * Functions reject with `Deno.errors.NotFound` for what is not there.
 *
 * @example A disk that is asked for everything, out loud
 * ```ts
 * import { files, type FileSource, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const read: string[] = [];
 * const source: FileSource = {
 *   ...Deno,
 *   readFile: (path) => (read.push(path), Deno.readFile(path)),
 * };
 * const root = await Deno.realPath(await Deno.makeTempDir());
 * await Deno.writeTextFile(`${root}/a.txt`, "a");
 * await using hub = gateway();
 * hub.handle("/*", files({ root, source }));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * assert.equal(await (await fetch(`http://127.0.0.1:${port}/a.txt`)).text(), "a");
 * assert.deepEqual(read, [`${root}/a.txt`]);
 * ```
 */
export interface FileSource {
  /** Where a path really is, links followed. */
  realPath(path: string): Promise<string>;
  /** What is there. */
  stat(path: string): Promise<FileFacts>;
  /** The same at once; without it short files are looked for again with every request. */
  statSync?(path: string): FileFacts;
  /** The names in a directory. */
  readDir(path: string): AsyncIterable<{ name: string }>;
  /** All bytes of a short file. */
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** A file that is read piece by piece. */
  open(path: string): Promise<OpenFile>;
}

/**
 * What is known of a file without reading it: `Deno.FileInfo` has it.
 *
 * @example Of a file of three bytes
 * ```ts
 * import type { FileFacts } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const facts: FileFacts = { isFile: true, isDirectory: false, size: 3, mtime: new Date(0) };
 * assert.equal(facts.size, 3);
 * ```
 */
export interface FileFacts {
  /** True for what can be shown. */
  isFile: boolean;
  /** True for what can be listed. */
  isDirectory: boolean;
  /** Bytes. */
  size: number;
  /** When it was changed: part of its entity tag, so that the same time must mean the same bytes. */
  mtime: Date | null;
}

/**
 * A file being read: `Deno.FsFile` is one.
 *
 * @example Nothing at all
 * ```ts
 * import type { OpenFile } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const empty: OpenFile = {
 *   read: () => Promise.resolve(null),
 *   seek: () => Promise.resolve(0),
 *   close() {},
 * };
 * assert.equal(await empty.read(new Uint8Array(1)), null);
 * ```
 */
export interface OpenFile {
  /** Reads from where it is; resolves with the number of bytes, null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Goes to so many bytes from the start. */
  seek(offset: number, whence: Deno.SeekMode.Start): Promise<number>;
  /** Reads no more. */
  close(): void;
}

/**
 * Files in memory, by their paths: what `import … with { type: "text" }` or `"bytes"` brought into a
 * program, and so into its executable. They were changed when this was called.
 *
 * @example A site inside the program
 * ```ts
 * import { embeddedFiles, files, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const source = embeddedFiles({ "index.html": "<h1>Hello</h1>", "img/dot.gif": Uint8Array.of(71) });
 * await using hub = gateway();
 * hub.handle("/*", files({ root: "/", source }));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}/`;
 * assert.equal(await (await fetch(url)).text(), "<h1>Hello</h1>");
 * assert.equal((await fetch(`${url}img/dot.gif`)).headers.get("content-type"), "image/gif");
 * ```
 */
export function embeddedFiles(files: Readonly<Record<string, string | Uint8Array>>): FileSource {
  const encoder = new TextEncoder();
  const nodes = new Map<string, Bytes | Set<string>>([["/", new Set()]]);
  for (const [path, content] of Object.entries(files)) {
    let place = "/";
    for (const name of namesOf(path)) {
      const around = nodes.get(place) ?? new Set<string>();
      if (!(around instanceof Set)) throw twice(path, place);
      nodes.set(place, around.add(name));
      place = `${place === "/" ? "" : place}/${name}`;
    }
    if (nodes.has(place)) throw twice(path, place);
    nodes.set(place, typeof content === "string" ? encoder.encode(content) : content.slice());
  }
  return new Embedded(nodes);
}

function twice(path: string, place: string): TypeError {
  return new TypeError(
    `Cannot embed "${path}": "${place}" is there already, and is something else`,
  );
}

function namesOf(path: string): string[] {
  return path.split(/[/\\]/).filter((name) => name !== "" && name !== ".");
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes of files and names in directories, by paths from the root. */
class Embedded implements FileSource {
  readonly #time = new Date();

  constructor(readonly nodes: ReadonlyMap<string, Bytes | ReadonlySet<string>>) {}

  // deno-lint-ignore require-await -- what is not there is a rejection, as with `Deno`.
  async realPath(path: string): Promise<string> {
    this.#find(path);
    return join("/", ...namesOf(path));
  }

  // deno-lint-ignore require-await
  async stat(path: string): Promise<FileFacts> {
    return this.statSync(path);
  }

  statSync(path: string): FileFacts {
    const node = this.#find(path), isFile = node instanceof Uint8Array;
    const size = isFile ? node.length : 0;
    return { isFile, isDirectory: !isFile, size, mtime: this.#time };
  }

  async *readDir(path: string): AsyncGenerator<{ name: string }> {
    const node = this.#find(path);
    if (node instanceof Set) { for (const name of node) yield { name }; }
  }

  // deno-lint-ignore require-await
  async readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const node = this.#find(path);
    if (node instanceof Uint8Array) return node;
    throw new Deno.errors.NotFound(`"${path}" is a directory`);
  }

  async open(path: string): Promise<OpenFile> {
    const bytes = await this.readFile(path);
    let at = 0;
    return {
      read: (into) => {
        const piece = bytes.subarray(at, at + into.length);
        into.set(piece);
        at += piece.length;
        return Promise.resolve(piece.length === 0 ? null : piece.length);
      },
      seek: (offset) => Promise.resolve(at = offset),
      close() {},
    };
  }

  #find(path: string): Bytes | ReadonlySet<string> {
    const node = this.nodes.get(`/${namesOf(path).join("/")}`);
    if (node === undefined) throw new Deno.errors.NotFound(`Nothing is embedded as "${path}"`);
    return node;
  }
}
