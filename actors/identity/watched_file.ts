import type { Later } from "../hooks.ts";
import { isLater } from "./authenticator.ts";

/** Milliseconds between two looks at whether a file has changed. */
const CHECK_MS = 1_000;

/**
 * What a file says, as it is now: looked at again when it is asked for, at most once a second. A
 * file that has gone or become unreadable leaves what it said before.
 */
export class WatchedFile<T> {
  #value: T | undefined;
  #mark = "";
  #checked = -Infinity;
  #loading: Promise<T> | undefined;
  #isBad = false;

  constructor(
    readonly path: string,
    readonly parse: (text: string) => Later<T>,
    readonly options: { now?: () => number; refused?: (error: unknown) => void } = {},
  ) {}

  /** At once, unless it is time to look. Rejects when the file has never been good. */
  read(): Later<T> {
    const { now = Date.now } = this.options;
    const passed = now() - this.#checked;
    if (this.#value !== undefined && passed >= 0 && passed < CHECK_MS) return this.#value;
    return this.#loading ??= this.#load(now()).finally(() => this.#loading = undefined);
  }

  async #load(now: number): Promise<T> {
    try {
      const { mtime, size, ino } = await Deno.stat(this.path);
      const mark = `${mtime?.getTime()} ${size} ${ino}`;
      if (mark !== this.#mark || this.#value === undefined) {
        const parsed = this.parse(await Deno.readTextFile(this.path));
        this.#value = isLater(parsed) ? await parsed : parsed;
        this.#mark = mark;
      }
      this.#isBad = false;
    } catch (error) {
      if (this.#value === undefined) throw error;
      // Once, not every second.
      if (!this.#isBad) this.options.refused?.(error);
      this.#isBad = true;
    }
    this.#checked = now;
    return this.#value;
  }
}

/** Goes on with what is there at once or later. */
export function then<T, U>(value: Later<T>, next: (value: T) => Later<U>): Later<U> {
  return isLater(value) ? value.then(next) : next(value);
}
