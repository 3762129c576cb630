import type { Answer } from "./exchange.ts";

/** Who answers which path: the gateway has one, shared by all its HTTP sessions. */
export class Handlers {
  readonly #exact = new Map<string, Answer>();
  /** Longest first, so that the first that fits is the one. */
  #prefixes: { prefix: string; answer: Answer }[] = [];

  /**
   * Has `answer` called for a path, or for everything below one that ends in `/*`. The longest that
   * fits is taken, an exact path before all others. Throws when the path is taken.
   */
  add(path: string, answer: Answer): void {
    if (!path.startsWith("/")) {
      throw new TypeError(`Cannot handle "${path}": a path begins with /`);
    }
    if (this.#has(path)) {
      throw new TypeError(`Cannot handle "${path}" twice: remove its first handler before`);
    }
    if (!path.endsWith("/*")) return void this.#exact.set(path, answer);
    this.#prefixes.push({ prefix: path.slice(0, -1), answer });
    this.#prefixes.sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** Takes a path out again; true when it was there. */
  remove(path: string): boolean {
    if (!this.#has(path)) return false;
    this.#exact.delete(path);
    this.#prefixes = this.#prefixes.filter(({ prefix }) => `${prefix}*` !== path);
    return true;
  }

  /** Who answers `path`. */
  find(path: string): Answer | undefined {
    const exact = this.#exact.get(path);
    if (exact !== undefined || this.#prefixes.length === 0) return exact;
    return this.#prefixes.find(({ prefix }) => path.startsWith(prefix))?.answer;
  }

  #has(path: string): boolean {
    return this.#exact.has(path) || this.#prefixes.some(({ prefix }) => `${prefix}*` === path);
  }
}
