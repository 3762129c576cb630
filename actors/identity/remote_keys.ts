import { fetchByName } from "../clients/fetch_by_name.ts";
import type { Clock } from "../clock.ts";
import { readBody } from "../handlers/read_body.ts";
import type { Later } from "../hooks/hooks.ts";
import type { Source } from "./grant.ts";
import { type JwtKey, keySet } from "./jwk.ts";
import { Lookout } from "./lookout.ts";

/** How keys are fetched. */
export const remoteKeysDefaults = {
  /** Milliseconds for which a set counts as current. */
  refreshMs: 600_000,
  /** Milliseconds between two looks because of a key that is not known: tokens can name anything. */
  unknownMs: 10_000,
  /** Milliseconds for an answer. */
  timeoutMs: 5_000,
  /** Bytes of a set: a hundred keys of 4096 bits have half of that. */
  maxBytes: 256 * 1024,
};

/** A key set at a URL, fetched again now and then, and when a token names a key that is new. */
export class RemoteKeys implements Source<readonly JwtKey[]> {
  #keys: readonly JwtKey[] = [];
  #fetched = -Infinity;
  #fetching: Promise<void> | undefined;

  readonly #lookout: Lookout<readonly JwtKey[]>;

  constructor(
    readonly url: string,
    readonly now: () => number = Date.now,
    clock?: Pick<Clock, "after">,
  ) {
    const { refreshMs: everyMs } = remoteKeysDefaults;
    this.#lookout = new Lookout({ everyMs, look: () => this.#look(), clock });
  }

  /** At once, when there have ever been any. */
  read(): Later<readonly JwtKey[]> {
    if (this.#keys.length === 0) return this.keys(undefined);
    if (this.now() - this.#fetched > remoteKeysDefaults.refreshMs) void this.#look();
    return this.#keys;
  }

  watch(said: (keys: readonly JwtKey[]) => void): () => void {
    const forget = this.#lookout.add(said);
    if (this.#keys.length > 0) said(this.#keys);
    return forget;
  }

  /** The keys, in which `id` is looked for. Rejects when there have never been any. */
  async keys(id: string | undefined): Promise<readonly JwtKey[]> {
    const { refreshMs, unknownMs } = remoteKeysDefaults, passed = this.now() - this.#fetched;
    const isKnown = id === undefined || this.#keys.some((key) => key.id === id);
    if (this.#fetching !== undefined || passed > (isKnown ? refreshMs : unknownMs)) {
      const fetching = this.#look();
      // Who knows the key need not wait for the others.
      if (this.#keys.length === 0 || !isKnown) await fetching;
    }
    if (this.#keys.length === 0) throw new Error("the keys cannot be fetched");
    return this.#keys;
  }

  #look(): Promise<void> {
    return this.#fetching ??= this.#fetch().finally(() => this.#fetching = undefined);
  }

  async #fetch(): Promise<void> {
    this.#fetched = this.now();
    try {
      const { timeoutMs, maxBytes } = remoteKeysDefaults;
      const answer = await fetchByName(this.url, { signal: AbortSignal.timeout(timeoutMs) });
      const text = await readAtMost(answer, maxBytes);
      if (!answer.ok || text === undefined) return;
      this.#keys = await keySet(text);
      this.#lookout.tell(this.#keys);
    } catch {
      // The keys that are there remain good, and are looked for again.
    }
  }
}

/** The body as text; undefined when it is longer. */
export async function readAtMost(answer: Response, maxBytes: number): Promise<string | undefined> {
  const body = await readBody(answer, maxBytes);
  return body && new TextDecoder().decode(body);
}
