import type { Answer } from "./answer.ts";
import type { LateAnswer } from "./late.ts";
import type { Link } from "./links.ts";
import type { Origin } from "./origin.ts";
import type { Request } from "./request.ts";

/**
 * Answers requests for one path, or all below it. The body of the request is whole, and that of the
 * answer may be as long as it likes. Undefined when the answer comes by `late` in a later turn.
 */
export type Resource = (
  request: Request,
  from: Origin,
  late: () => LateAnswer,
) => Answer | undefined;

/** Who answers which path beside topics: the gateway has one, shared by all its CoAP sessions. */
export class Resources {
  readonly #resources = new Map<string, { answer: Resource; links: () => Iterable<Link> }>();

  get size(): number {
    return this.#resources.size;
  }

  /**
   * Has `answer` called for a path, and for everything below one that ends in `/*`; `links` says what
   * `/.well-known/core` lists. Throws a `TypeError` when the path is taken.
   */
  add(path: string, answer: Resource, links: () => Iterable<Link> = none): void {
    if (this.#resources.has(path)) throw new TypeError(`Cannot handle "${path}": it is taken`);
    this.#resources.set(path, { answer, links });
  }

  /** Takes a path out again; true when it was there. */
  remove(path: string): boolean {
    return this.#resources.delete(path);
  }

  /** Who answers a request: whoever has its path, or the longest that it is below. */
  find({ root, rest }: Request): Resource | undefined {
    let path = rest === undefined ? `/${root}` : `/${root}/${rest}`;
    const exact = this.#resources.get(path);
    if (exact !== undefined) return exact.answer;
    while (path !== "") {
      const below = this.#resources.get(`${path}/*`);
      if (below !== undefined) return below.answer;
      path = path.slice(0, path.lastIndexOf("/"));
    }
    return this.#resources.get("/*")?.answer;
  }

  /** What there is to discover. */
  *links(): IterableIterator<Link> {
    for (const { links } of this.#resources.values()) yield* links();
  }
}

function none(): Iterable<Link> {
  return [];
}
