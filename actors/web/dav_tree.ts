import { join } from "node:path";
import { FileRoot, type Found, isAbsence } from "./file_root.ts";

/** What begins so is a file on its way in, and nobody sees it. */
const TEMPORARY = ".meerkat-put-";

/** 64 directories inside each other: deeper trees are not copied. */
const DEPTH = 64;

/** The files that WebDAV shows and changes. */
export class DavTree {
  readonly #root: FileRoot;

  constructor(root: string, dotfiles: boolean) {
    this.#root = new FileRoot({ root, dotfiles, hidden: `${TEMPORARY}**` });
  }

  async find(names: readonly string[]): Promise<Found | undefined> {
    return await this.#root.find(names);
  }

  async list(names: readonly string[]): Promise<string[]> {
    return (await this.#root.list(names)).map(({ name }) => name);
  }

  /** Where something of this name is or can be made; a status when it cannot. */
  async place(names: readonly string[]): Promise<string | 403 | 409> {
    const name = names.at(-1);
    if (name === undefined || this.#root.hides(names)) return 403;
    const parent = await this.#root.find(names.slice(0, -1));
    if (!parent?.isDirectory) return 409;
    const path = join(parent.file, name);
    // Whatever is there but cannot be found leads out, or is no file.
    const there = await Deno.lstat(path).then(() => true, absent);
    return there && await this.find(names) === undefined ? 403 : path;
  }

  /** Writes a file beside its place, and puts it there when it is whole. */
  async write(path: string, write: (file: Deno.FsFile) => Promise<void>): Promise<void> {
    const temporary = join(path, "..", TEMPORARY + crypto.randomUUID());
    const file = await Deno.open(temporary, { write: true, createNew: true });
    try {
      try {
        await write(file);
      } finally {
        file.close();
      }
      await Deno.rename(temporary, path);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {});
      throw error;
    }
  }

  async remove(path: string): Promise<void> {
    await Deno.remove(path, { recursive: true }).catch(absent);
  }

  /** Copies a file, or a directory with what is in it; links are left out, since they may lead out. */
  async copy(from: string, to: string, deep: boolean, depth = 0): Promise<void> {
    const { isDirectory, isFile } = await Deno.lstat(from);
    if (isFile) await Deno.copyFile(from, to);
    if (!isDirectory || depth > DEPTH) return;
    await Deno.mkdir(to);
    if (!deep) return;
    for await (const { name, isSymlink } of Deno.readDir(from)) {
      if (!isSymlink) await this.copy(join(from, name), join(to, name), true, depth + 1);
    }
  }
}

function absent(error: unknown): boolean {
  if (isAbsence(error)) return false;
  throw error;
}
