import { keyOf, type PropertyChange } from "../../protocols/web/dav.ts";
import { isBelow } from "../../protocols/web/locks.ts";
import type { XmlElement } from "../../protocols/web/xml.ts";

/** 10,000 properties together, each no longer than the body of a request. */
const PROPERTIES = 10_000;

/** Properties that clients have set, by path. They live as long as the gateway runs. */
export class DavProperties {
  readonly #byPath = new Map<string, Map<string, XmlElement>>();
  #count = 0;

  of(path: string): ReadonlyMap<string, XmlElement> {
    return this.#byPath.get(path) ?? new Map();
  }

  /** Makes all changes, or none when there is no room for them. */
  change(path: string, changes: readonly PropertyChange[]): boolean {
    if (this.#count + changes.filter(({ remove }) => !remove).length > PROPERTIES) return false;
    const next = new Map(this.of(path));
    for (const { property, remove } of changes) {
      if (remove) next.delete(keyOf(property));
      else next.set(keyOf(property), property);
    }
    this.#set(path, next);
    return true;
  }

  /** Gives what is at and below `to` the properties of `from`. */
  copy(from: string, to: string): void {
    const all = [...this.#byPath].filter(([path]) => path === from || isBelow(path, from));
    this.forget(to);
    for (const [path, properties] of all) {
      if (this.#count + properties.size > PROPERTIES) return;
      this.#set(to + path.slice(from.length), new Map(properties));
    }
  }

  forget(path: string): void {
    for (const each of [...this.#byPath.keys()]) {
      if (each === path || isBelow(each, path)) this.#set(each, new Map());
    }
  }

  #set(path: string, properties: Map<string, XmlElement>): void {
    this.#count += properties.size - (this.#byPath.get(path)?.size ?? 0);
    if (properties.size === 0) this.#byPath.delete(path);
    else this.#byPath.set(path, properties);
  }
}
