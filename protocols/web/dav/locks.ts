/** A write lock (RFC 4918 §6, §7). */
export interface Lock {
  readonly token: string;
  /** The path of the locked resource, with `/` before each name. */
  readonly path: string;
  /** That path as it stands in URLs. */
  readonly href: string;
  readonly exclusive: boolean;
  /** True when everything below it is locked, too. */
  readonly deep: boolean;
  /** What its maker says of itself, as XML. */
  readonly owner: string;
  /** The login that made it, where there was one. */
  readonly user?: string | undefined;
  /** When it ends, and for how long it lasts each time; in milliseconds. */
  readonly ends: number;
  readonly lasts: number;
}

/** A client that wants to write. */
export interface Holder {
  /** The tokens of locks that it names. */
  readonly tokens: ReadonlySet<string>;
  readonly user?: string | undefined;
}

/** True when a lock belongs to this client: everybody can read tokens, so they prove nothing (RFC 4918 §6.4). */
export function isHeldBy({ token, user }: Lock, by: Holder): boolean {
  return by.tokens.has(token) && by.user === user;
}

/** 1,000 locks in all: each takes some hundred bytes, and every write looks at all of them. */
const LOCKS = 1_000;

/** All locks, and what they allow. The caller gives the present time, in milliseconds. */
export class LockTable {
  readonly #locks = new Map<string, Lock>();

  /** The locks that hold for a resource. */
  of(path: string, now: number): Lock[] {
    this.#expire(now);
    return [...this.#locks.values()].filter((lock) =>
      lock.path === path || (lock.deep && isBelow(path, lock.path))
    );
  }

  /** The locks of resources below this one. */
  below(path: string, now: number): Lock[] {
    this.#expire(now);
    return [...this.#locks.values()].filter((lock) => isBelow(lock.path, path));
  }

  /** Adds a lock, unless another is in conflict with it, or there are too many. */
  add(lock: Lock, now: number): "locked" | "taken" | "full" {
    const others = this.of(lock.path, now).concat(lock.deep ? this.below(lock.path, now) : []);
    if (others.some((other) => lock.exclusive || other.exclusive)) return "taken";
    if (this.#locks.size >= LOCKS) return "full";
    this.#locks.set(lock.token, lock);
    return "locked";
  }

  /** Lets a lock last for `lasts` milliseconds more. */
  refresh(lock: Lock, lasts: number, now: number): Lock {
    const longer = { ...lock, lasts, ends: now + lasts };
    this.#locks.set(lock.token, longer);
    return longer;
  }

  remove(token: string): void {
    this.#locks.delete(token);
  }

  /** Removes the locks of a resource that is gone, and of all below it (RFC 4918 §9.6, §9.9). */
  forget(path: string): void {
    for (const lock of this.#locks.values()) {
      if (lock.path === path || isBelow(lock.path, path)) this.#locks.delete(lock.token);
    }
  }

  /**
   * True when a client may change a resource: of the locks on each resource, it must have one
   * (RFC 4918 §7.5). With `tree`, everything below counts, too.
   */
  allows(path: string, by: Holder, tree: boolean, now: number): boolean {
    const held = this.of(path, now);
    if (held.length > 0 && !held.some((lock) => isHeldBy(lock, by))) return false;
    if (!tree) return true;
    const inside = this.below(path, now);
    return inside.every((lock) =>
      inside.some((other) => other.path === lock.path && isHeldBy(other, by))
    );
  }

  #expire(now: number): void {
    for (const lock of this.#locks.values()) if (lock.ends <= now) this.#locks.delete(lock.token);
  }
}

/** True when a path lies below another. */
export function isBelow(path: string, above: string): boolean {
  return path !== above && path.startsWith(above === "/" ? "/" : `${above}/`);
}
