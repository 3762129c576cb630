import type { Clock } from "../clock.ts";
import type { Later } from "../hooks/hooks.ts";
import { isLater } from "./authenticator.ts";
import type { Source } from "./grant.ts";
import { Lookout } from "./lookout.ts";

/** Milliseconds between two looks at whether a file has changed. */
const CHECK_MS = 1_000;

/** Milliseconds without a change after which a file is read: it may just be being written. */
const STILL_MS = CHECK_MS / 2;

/** How a file is watched. */
interface WatchOptions {
  readonly now?: (() => number) | undefined;
  readonly clock?: Pick<Clock, "after"> | undefined;
  /** Called with the reason when a file that has changed cannot be used. */
  readonly refused?: ((error: unknown) => void) | undefined;
}

/**
 * The present contents of a file. It is looked at when somebody asks, at most once a second, and
 * every second while somebody waits for changes. A change counts once the next look finds the file
 * as it was. After a file has gone or become unreadable, what it said before still counts.
 */
export class WatchedFile<T> implements Source<T> {
  #value: T | undefined;
  /** What the file looked like when it said that. */
  #mark = "";
  /** What it looks like now, and since when. */
  #seen = { mark: "", since: 0 };
  #checked = -Infinity;
  #loading: Promise<T> | undefined;
  #isBad = false;
  readonly #lookout: Lookout<T>;

  constructor(
    readonly path: string,
    readonly parse: (text: string) => Later<T>,
    readonly options: WatchOptions = {},
  ) {
    const { clock } = options;
    this.#lookout = new Lookout({
      everyMs: CHECK_MS,
      look: () => this.#look().catch(() => {}),
      clock,
    });
  }

  /** At once, unless it is time to look. Rejects when the file has never been good. */
  read(): Later<T> {
    const { now = Date.now } = this.options, passed = now() - this.#checked;
    if (this.#value !== undefined && passed >= 0 && passed < CHECK_MS) return this.#value;
    return this.#look();
  }

  watch(said: (value: T) => void): () => void {
    const forget = this.#lookout.add(said);
    if (this.#value !== undefined) said(this.#value);
    return forget;
  }

  #look(): Promise<T> {
    const { now = Date.now } = this.options;
    return this.#loading ??= this.#load(now()).finally(() => this.#loading = undefined);
  }

  async #load(now: number): Promise<T> {
    try {
      const { mtime, size, ino } = await Deno.stat(this.path);
      const mark = `${mtime?.getTime()} ${size} ${ino}`;
      const isStill = this.#isStill(mark, now);
      if (this.#value === undefined || (mark !== this.#mark && isStill)) {
        const parsed = this.parse(await Deno.readTextFile(this.path));
        this.#value = isLater(parsed) ? await parsed : parsed;
        this.#mark = mark;
        this.#lookout.tell(this.#value);
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

  #isStill(mark: string, now: number): boolean {
    const passed = now - this.#seen.since;
    if (mark === this.#seen.mark && passed >= 0) return passed >= STILL_MS;
    this.#seen = { mark, since: now };
    return false;
  }
}

/** Calls `next` with a value: at once if it is there, else when its promise resolves. */
export function then<T, U>(value: Later<T>, next: (value: T) => Later<U>): Later<U> {
  return isLater(value) ? value.then(next) : next(value);
}
