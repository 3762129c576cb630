import type { Hub, Session, Wire } from "../session.ts";

/** Header or trailer fields in the order in which they came; names are compared without case. */
export class Fields {
  readonly #entries: [name: string, value: string][] = [];

  constructor(entries: Iterable<readonly [string, string]> = []) {
    for (const [name, value] of entries) this.append(name, value);
  }

  append(name: string, value: string): void {
    this.#entries.push([name.toLowerCase(), value]);
  }

  has(name: string): boolean {
    return this.#entries.some(([each]) => each === name);
  }

  /** The values of all fields of this lower-case name, joined by commas (RFC 9110 §5.3). */
  get(name: string): string | undefined {
    let found: string | undefined;
    for (const [each, value] of this.#entries) {
      if (each === name) found = found === undefined ? value : `${found}, ${value}`;
    }
    return found;
  }

  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.#entries.values();
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
