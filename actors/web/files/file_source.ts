import { join } from "node:path";

/**
 * Where files are read from. `Deno` itself has this shape; so may anything else that keeps files.
 * The functions reject with `Deno.errors.NotFound` for what is not there.
 *
 * @example A disk, with a list of what was read
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
  /** Resolves with the path of a file after all symbolic links. */
  realPath(path: string): Promise<string>;
  /** Resolves with what is known of a file or directory. */
  stat(path: string): Promise<FileFacts>;
  /** The same at once. Without it no short files are kept in memory between requests. */
  statSync?(path: string): FileFacts;
  /** Yields the names in a directory. */
  readDir(path: string): AsyncIterable<{ name: string }>;
  /** Resolves with all bytes of a short file. */
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Opens a long file, to read it piece by piece. */
  open(path: string): Promise<OpenFile>;
}

/**
 * What is known of a file without reading it; `Deno.FileInfo` has it all.
 *
 * @example Of a file on the disk
 * ```ts
 * import type { FileFacts } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "abc");
 * const facts: FileFacts = await Deno.stat(path);
 * assert.deepEqual([facts.isFile, facts.size], [true, 3]);
 * ```
 */
export interface FileFacts {
  /** True for a file, which can be shown. */
  isFile: boolean;
  /** True for a directory, which can be listed. */
  isDirectory: boolean;
  /** Bytes. */
  size: number;
  /** When it was changed. It is part of the ETag, so other bytes must have another time. */
  mtime: Date | null;
}

/**
 * A file that is open for reading; `Deno.FsFile` is one.
 *
 * @example The end of a file
 * ```ts
 * import type { OpenFile } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "hello");
 * const file: OpenFile = await Deno.open(path);
 * const into = new Uint8Array(8);
 * await file.seek(3, Deno.SeekMode.Start);
 * const count = await file.read(into);
 * file.close();
 * assert.equal(new TextDecoder().decode(into.subarray(0, count!)), "lo");
 * ```
 */
export interface OpenFile {
  /** Reads from where it is. Resolves with the number of bytes, or null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Goes to a position, in bytes from the start. */
  seek(offset: number, whence: Deno.SeekMode.Start): Promise<number>;
  /** Closes the file. */
  close(): void;
}

/**
 * Makes a source of files in memory, by their paths: of what `import … with { type: "text" }` or
 * `"bytes"` has brought into a program, and so into its executable. The time of their last change
 * is that of this call.
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
