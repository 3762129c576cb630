import { keyOf, type PropertyChange } from "../../protocols/web/dav.ts";
import { isBelow } from "../../protocols/web/locks.ts";
import { formatXml } from "../../protocols/web/xml.ts";

/** 4 Mi characters of all properties together, and 200 for each beside its own. */
const LENGTH = 4 << 20;

/** Properties that clients have set, as XML by their keys and paths; they live as long as the gateway runs. */
export class DavProperties {
  readonly #byPath = new Map<string, ReadonlyMap<string, string>>();
  #length = 0;

  of(path: string): ReadonlyMap<string, string> {
    return this.#byPath.get(path) ?? new Map();
  }

  /** Makes all changes, or none when there is no room for them. */
  change(path: string, changes: readonly PropertyChange[]): boolean {
    const next = new Map(this.of(path));
    for (const { property, remove } of changes) {
      if (remove) next.delete(keyOf(property));
      else next.set(keyOf(property), formatXml(property));
    }
    return this.#set(path, next);
  }

  /** Gives what is at and below `to` the properties of `from`; false when there is no room for all. */
  copy(from: string, to: string): boolean {
    this.forget(to);
    const all = [...this.#byPath].filter(([path]) => path === from || isBelow(path, from));
    return all.every(([path, properties]) => this.#set(to + path.slice(from.length), properties));
  }

  forget(path: string): void {
    for (const each of [...this.#byPath.keys()]) {
      if (each === path || isBelow(each, path)) this.#set(each, new Map());
    }
  }

  #set(path: string, properties: ReadonlyMap<string, string>): boolean {
    const length = this.#length - lengthOf(path, this.of(path)) + lengthOf(path, properties);
    if (length > LENGTH && properties.size > 0) return false;
    this.#length = length;
    if (properties.size === 0) this.#byPath.delete(path);
    else this.#byPath.set(path, properties);
    return true;
  }
}

function lengthOf(path: string, properties: ReadonlyMap<string, string>): number {
  if (properties.size === 0) return 0;
  let length = path.length;
  for (const [key, xml] of properties) length += 200 + key.length + xml.length;
  return length;
}
