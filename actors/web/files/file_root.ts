import { join, relative } from "node:path";
import type { DirectoryEntry } from "../../../protocols/web/directory.ts";
import { compilePattern, type Pattern } from "../../../protocols/web/pattern.ts";
import { defaults, type FilesOptions } from "./files_options.ts";

/** The beginning of names that the gateway uses itself, beside the files of others; never shown. */
export const OWN_NAMES = ".meerkat-";

/** Something that is there and may be shown. */
export interface Found {
  /** Where it really is, all symbolic links followed. */
  readonly file: string;
  readonly isDirectory: boolean;
  readonly size: number;
  /** When it was changed, in milliseconds since 1970; 0 when that is not known. */
  readonly time: number;
}

/** The files below a directory, and nothing outside it. */
export class FileRoot {
  readonly #hidden: Pattern;

  constructor(readonly options: FilesOptions) {
    this.#hidden = compilePattern(options.hidden ?? "");
  }

  /** What is there under these names; undefined for what does not exist or may not be seen. */
  async find(names: readonly string[]): Promise<Found | undefined> {
    if (this.hides(names)) return undefined;
    const { root, source = Deno, outsideLinks = false } = this.options;
    try {
      const path = join(root, ...names);
      const [file, top] = await Promise.all([source.realPath(path), source.realPath(root)]);
      if (!outsideLinks && !isWithin(top, file)) return undefined;
      const { isFile, isDirectory, size, mtime } = await source.stat(file);
      // Reading a pipe or a device could wait for ever.
      if (!isFile && !isDirectory) return undefined;
      return { file, isDirectory, size, time: mtime?.getTime() ?? 0 };
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
  }

  /** What is to be seen in a directory. */
  async list(names: readonly string[]): Promise<DirectoryEntry[]> {
    const entries: DirectoryEntry[] = [];
    const directory = await this.find(names);
    if (directory === undefined) return entries;
    const { source = Deno } = this.options;
    for await (const { name } of source.readDir(directory.file)) {
      if (entries.length === defaults.listedEntries) break;
      const found = await this.find([...names, name]);
      if (found === undefined) continue;
      const modified = found.time;
      if (found.isDirectory) entries.push({ name, type: "directory", modified });
      else entries.push({ name, type: "file", size: found.size, modified });
    }
    return entries;
  }

  /** Whether nothing of these names may be seen or made. */
  hides(names: readonly string[]): boolean {
    // Some file systems ignore case.
    if (names.some((each) => each.toLowerCase().startsWith(OWN_NAMES))) return true;
    const { dotfiles = false, hidden } = this.options;
    if (!dotfiles && names.some((each) => each.startsWith(".") && each !== ".well-known")) {
      return true;
    }
    if (hidden === undefined) return false;
    return names.some((each) => this.#hidden(each) > 0) || this.#hidden(`/${names.join("/")}`) > 0;
  }
}

function isWithin(root: string, file: string): boolean {
  const way = relative(root, file);
  return way === "" || (!/^\.\.(?:[/\\]|$)/.test(way) && join(root, way) === file);
}

/** Rejects when there is no such directory. */
export async function checkDirectory(root: string): Promise<void> {
  const found = await Deno.stat(root).catch((error) => {
    if (error instanceof Deno.errors.NotCapable) throw error;
  });
  if (!found?.isDirectory) throw new Error(`"${root}" is not a directory`);
}

/** True for errors that mean "not there, as far as clients may know"; for names too long, too. */
export function isAbsence(error: unknown): boolean {
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
    return true;
  }
  if (error instanceof Deno.errors.PermissionDenied) return true;
  if (error instanceof Deno.errors.NotCapable) return false;
  const code = (error as { code?: unknown }).code;
  return ["ENAMETOOLONG", "ELOOP", "EINVAL", "ENOTDIR", "EILSEQ"].includes(String(code)) ||
    error instanceof Deno.errors.FilesystemLoop;
}
