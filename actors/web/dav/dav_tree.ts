import { join } from "node:path";
import { FileRoot, type Found, isAbsence, OWN_NAMES } from "../files/file_root.ts";
import { Refused } from "./dav_request.ts";

/** The beginning of names of files that are still being written. */
const TEMPORARY = `${OWN_NAMES}put-`;

/** 64 directories inside each other: deeper trees are not copied. */
const MAX_DEPTH = 64;

/** The files that WebDAV shows and changes. */
export class DavTree {
  readonly #root: FileRoot;

  constructor(root: string, dotfiles: boolean) {
    this.#root = new FileRoot({ root, dotfiles });
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
    // What exists but is not found is a link that leads out of the root, or no file.
    const there = await Deno.lstat(path).then(() => true, absent);
    return there && await this.find(names) === undefined ? 403 : path;
  }

  /**
   * Writes a file, or a changed copy of `old`, beside its place, and moves it there once it is
   * whole.
   */
  async write(
    path: string,
    write: (file: Deno.FsFile) => Promise<void>,
    old?: string,
  ): Promise<void> {
    await this.#whole(path, async (beside) => {
      if (old !== undefined) await Deno.copyFile(old, beside);
      using file = await Deno.open(beside, { write: true, create: true });
      await write(file);
    });
  }

  /** Copies to a place, which then has the whole copy or, after a failure, what it had before. */
  async copy(from: string, path: string, deep: boolean): Promise<void> {
    await this.#whole(path, (beside) => this.#copy(from, beside, deep, 0));
  }

  /** Puts what is at `from` in place of whatever is there. */
  async move(from: string, path: string): Promise<void> {
    const aside = besideOf(path);
    const there = await Deno.rename(path, aside).then(() => true, absent);
    try {
      await Deno.rename(from, path);
    } catch (error) {
      if (there) await Deno.rename(aside, path);
      throw error;
    }
    if (there) await this.remove(aside);
  }

  async remove(path: string): Promise<void> {
    await Deno.remove(path, { recursive: true }).catch(absent);
  }

  async #whole(path: string, make: (beside: string) => Promise<void>): Promise<void> {
    const beside = besideOf(path);
    try {
      await make(beside);
      const [old, made] = await Promise.all(
        [path, beside].map((each) => Deno.lstat(each).catch(absent)),
      );
      // Only a file can replace a file in one step; a directory needs the way around by `move`.
      const isPlain = made && made.isFile && !(old && old.isDirectory);
      if (isPlain) await Deno.rename(beside, path);
      else await this.move(beside, path);
    } catch (error) {
      await Deno.remove(beside, { recursive: true }).catch(() => {});
      throw error;
    }
  }

  /** Copies a file, or a directory with what is in it; links are left out, since they may lead out. */
  async #copy(from: string, to: string, deep: boolean, depth: number): Promise<void> {
    const { isDirectory, isFile } = await Deno.lstat(from);
    if (isFile) await Deno.copyFile(from, to);
    if (!isDirectory) return;
    if (depth > MAX_DEPTH) throw new Refused(507);
    await Deno.mkdir(to);
    if (!deep) return;
    for await (const { name, isSymlink } of Deno.readDir(from)) {
      if (!isSymlink && !name.startsWith(TEMPORARY)) {
        await this.#copy(join(from, name), join(to, name), true, depth + 1);
      }
    }
  }
}

function besideOf(path: string): string {
  return join(path, "..", TEMPORARY + crypto.randomUUID());
}

function absent(error: unknown): false {
  if (isAbsence(error)) return false;
  throw error;
}
