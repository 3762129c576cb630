import { join } from "node:path";
import { keyOf, type PropertyChange } from "../../../protocols/web/dav/dav.ts";
import { formatXml } from "../../../protocols/web/dav/xml.ts";
import { replaceFile } from "../../identity/replace_file.ts";
import { type Found, isAbsence, OWN_NAMES } from "../files/file_root.ts";
import type { DavTree } from "./dav_tree.ts";

/**
 * The file of properties in each directory: beside the files that have them, so it moves with them.
 */
const FILE = `${OWN_NAMES}properties`;
/** The name of the directory itself in that file. */
const ITSELF = ".";
/** 1 Mi characters for all properties in one directory, which are read as a whole. */
const MAX_LENGTH = 1 << 20;

/** Properties of one resource, as XML by their keys. */
type Properties = ReadonlyMap<string, string>;
type Kept = Map<string, Properties>;

const NONE: Properties = new Map();

/**
 * The last write of each file, for which the next one waits: several parts may show one directory.
 */
const queues = new Map<string, Promise<unknown>>();

/** Properties that clients have set (RFC 4918 §4): in a file of each directory, which nobody sees. */
export class DavProperties {
  readonly #tree: DavTree;

  constructor(tree: DavTree) {
    this.#tree = tree;
  }

  /** Reads the properties of many, each file once. */
  reader(): (names: readonly string[], found: Found) => Promise<Properties> {
    const files = new Map<string, Promise<Kept>>();
    return async (names, found) => {
      const [directory, key] = await this.#place(names, found.isDirectory);
      if (directory === undefined) return NONE;
      const kept = files.get(directory) ?? read(directory);
      files.set(directory, kept);
      return (await kept).get(key) ?? NONE;
    };
  }

  /** Makes all changes, or none when there is no room for them. */
  async change(
    names: readonly string[],
    { isDirectory }: Found,
    changes: readonly PropertyChange[],
  ): Promise<boolean> {
    return await this.#update(names, isDirectory, (old) => {
      const next = new Map(old);
      for (const { property, remove } of changes) {
        if (remove) next.delete(keyOf(property));
        else next.set(keyOf(property), formatXml(property));
      }
      return next;
    });
  }

  /**
   * Gives a copy the properties of what it is a copy of; false when there is no room for them. What
   * is in a directory has brought its own.
   */
  async give(to: readonly string[], found: Found, properties: Properties): Promise<boolean> {
    return await this.#update(to, found.isDirectory, () => properties);
  }

  /** Forgets those of a file that is gone; a directory has taken its own along. */
  async forget(names: readonly string[]): Promise<void> {
    await this.#update(names, false, () => NONE);
  }

  /** The directory whose file has these properties, and their name in it. */
  async #place(
    names: readonly string[],
    isDirectory: boolean,
  ): Promise<[string | undefined, string]> {
    const around = await this.#tree.find(isDirectory ? names : names.slice(0, -1));
    return [around?.file, isDirectory ? ITSELF : names.at(-1)!];
  }

  async #update(
    names: readonly string[],
    isDirectory: boolean,
    change: (old: Properties) => Properties,
  ): Promise<boolean> {
    const [directory, key] = await this.#place(names, isDirectory);
    if (directory === undefined) return true;
    return await inTurn(directory, async () => {
      const kept = await read(directory), old = kept.get(key) ?? NONE;
      const next = change(old);
      if (next.size === 0 && old.size === 0) return true;
      if (next.size === 0) kept.delete(key);
      else kept.set(key, next);
      return await write(directory, kept, next.size > 0);
    });
  }
}

/** Runs `work` once the earlier work on its directory has ended, however that ended. */
async function inTurn<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(directory) ?? Promise.resolve();
  const mine = before.then(work, work);
  queues.set(directory, mine);
  try {
    return await mine;
  } finally {
    if (queues.get(directory) === mine) queues.delete(directory);
  }
}

async function read(directory: string): Promise<Kept> {
  const path = join(directory, FILE);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (isAbsence(error)) return new Map();
    throw error;
  }
  const kept = parse(text);
  if (kept !== undefined) return kept;
  throw new Error(`Cannot read the properties in ${path}: mend or remove that file`);
}

/** Undefined for what `write` has not written. */
function parse(text: string): Kept | undefined {
  const kept: Kept = new Map();
  let all: unknown;
  try {
    all = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(all)) return undefined;
  for (const [name, properties] of Object.entries(all)) {
    if (!isRecord(properties)) return undefined;
    const pairs = Object.entries(properties);
    if (pairs.some(([, xml]) => typeof xml !== "string")) return undefined;
    kept.set(name, new Map(pairs as [string, string][]));
  }
  return kept;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** False when the file would become too long, which removing properties is never refused for. */
async function write(directory: string, kept: Kept, isMore: boolean): Promise<boolean> {
  const path = join(directory, FILE);
  if (kept.size === 0) {
    await Deno.remove(path).catch((error) => {
      if (!isAbsence(error)) throw error;
    });
    return true;
  }
  const plain = [...kept].map(([name, properties]) => [name, Object.fromEntries(properties)]);
  const text = JSON.stringify(Object.fromEntries(plain));
  if (isMore && text.length > MAX_LENGTH) return false;
  await replaceFile(path, text);
  return true;
}
