import type { Hub, Session, Wire } from "../session.ts";

/** Header or trailer fields in the order in which they came; names are compared without case. */
export class Fields {
  /** Name, value, name, value …: one array is cheaper to make than a pair for each field. */
  readonly #flat: string[] = [];

  constructor(entries: Iterable<readonly [string, string]> = []) {
    for (const [name, value] of entries) this.append(name, value);
  }

  /** How many fields there are. */
  get size(): number {
    return this.#flat.length / 2;
  }

  append(name: string, value: string): void {
    this.#flat.push(name.toLowerCase(), value);
  }

  /** Replaces all fields of this lower-case name by one. */
  set(name: string, value: string): void {
    const flat = this.#flat;
    for (let at = flat.length - 2; at >= 0; at -= 2) if (flat[at] === name) flat.splice(at, 2);
    flat.push(name, value);
  }

  has(name: string): boolean {
    const flat = this.#flat;
    for (let at = 0; at < flat.length; at += 2) if (flat[at] === name) return true;
    return false;
  }

  /** The values of all fields of this lower-case name, joined by commas (RFC 9110 §5.3). */
  get(name: string): string | undefined {
    const flat = this.#flat;
    let found: string | undefined;
    for (let at = 0; at < flat.length; at += 2) {
      if (flat[at] === name) {
        found = found === undefined ? flat[at + 1] : `${found}, ${flat[at + 1]}`;
      }
    }
    return found;
  }

  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    const flat = this.#flat;
    for (let at = 0; at < flat.length; at += 2) yield [flat[at]!, flat[at + 1]!];
  }
}

/** What a request says before its body. */
export interface RequestHead {
  /** `GET`, `POST` …: as sent, case counts. */
  readonly method: string;
  /** The path, still percent-encoded, without the query: `/topics/a/b%20c`. */
  readonly path: string;
  /** What follows the first `?`, or "". */
  readonly query: string;
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  readonly minor: 0 | 1;
  readonly fields: Fields;
}

/** What an answer says before its body. The session adds `Date`, the framing and `Connection`. */
export interface ResponseHead {
  status: number;
  /** Lower-case names. */
  fields?: Iterable<readonly [string, string]>;
}

/**
 * Answers a request that asks for another protocol (RFC 9110 §7.8): the session that takes the
 * stream over, having sent its 101; a refusal to be sent; or undefined when the request asks for
 * nothing that this upgrade knows and is to be answered as any other.
 */
export type Upgrade = (
  request: RequestHead,
  wire: Wire,
  hub: Hub,
  now: number,
) => Session | (ResponseHead & { body?: string }) | undefined;
