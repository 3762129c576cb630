import type { Decided } from "../../guard.ts";
import type { Hub, Session, Wire } from "../../session.ts";

/**
 * Header or trailer fields in the order in which they came (RFC 9110 §5). Names are in lower case,
 * and have to be asked for in lower case.
 *
 * @example A field that came twice is one list
 * ```ts
 * import { Fields } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const fields = new Fields([["Accept", "text/html"], ["accept", "text/plain"]]);
 * assert.equal(fields.get("accept"), "text/html, text/plain");
 * assert.equal(fields.size, 2);
 * ```
 */
export class Fields {
  /** Name, value, name, value …: one array costs less than a pair for each field. */
  readonly #flat: string[] = [];

  /** Fields of these names and values. */
  constructor(entries: Iterable<readonly [string, string]> = []) {
    for (const [name, value] of entries) this.append(name, value);
  }

  /** How many fields there are. */
  get size(): number {
    return this.#flat.length / 2;
  }

  /** Adds a field behind the others. */
  append(name: string, value: string): void {
    this.#flat.push(name.toLowerCase(), value);
  }

  /** Replaces all fields of this lower-case name by one. */
  set(name: string, value: string): void {
    const flat = this.#flat;
    for (let at = flat.length - 2; at >= 0; at -= 2) if (flat[at] === name) flat.splice(at, 2);
    flat.push(name, value);
  }

  /** True when there is a field of this lower-case name. */
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

  /** All fields, each with its name in lower case. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    const flat = this.#flat;
    for (let at = 0; at < flat.length; at += 2) yield [flat[at]!, flat[at + 1]!];
  }
}

/**
 * What a request says before its body (RFC 9112 §3).
 *
 * @example Who sent it
 * ```ts
 * import { Fields, type RequestHead } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const head: RequestHead = {
 *   method: "GET",
 *   path: "/topics/a/b%20c",
 *   query: "qos=1",
 *   minor: 1,
 *   fields: new Fields([["User-Agent", "sensor/7"]]),
 * };
 * assert.equal(head.fields.get("user-agent"), "sensor/7");
 * ```
 */
export interface RequestHead {
  /** `GET`, `POST` …: as it was sent, because case counts. */
  readonly method: string;
  /** The path, still percent-encoded, without the query: `/topics/a/b%20c`. */
  readonly path: string;
  /** What follows the first `?`, or "". */
  readonly query: string;
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  readonly minor: 0 | 1;
  /** Its header fields. */
  readonly fields: Fields;
}

/**
 * What an answer says before its body (RFC 9112 §4). The session adds `Date`, the framing and
 * `Connection`.
 *
 * @example A refusal that says what would be right
 * ```ts
 * import type { ResponseHead } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const head: ResponseHead = { status: 426, fields: [["upgrade", "websocket"]] };
 * assert.equal(new Map(head.fields).get("upgrade"), "websocket");
 * ```
 */
export interface ResponseHead {
  /** Of three digits (RFC 9110 §15). */
  status: number;
  /** Lower-case names. */
  fields?: Iterable<readonly [string, string]>;
}

/**
 * A refusal of a request for another protocol.
 *
 * @example Not without a name
 * ```ts
 * import type { UpgradeRefusal } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const refusal: UpgradeRefusal = { status: 403, body: "Say who you are\n" };
 * assert.equal(refusal.status, 403);
 * ```
 */
export type UpgradeRefusal = ResponseHead & { body?: string };

/**
 * A request for another protocol about which hooks have to be asked first.
 *
 * @example Asked, and refused
 * ```ts
 * import { gateway, http, tcp, type Upgrade, type UpgradeQuestion } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const question: UpgradeQuestion = {
 *   ask: (decided) => decided({ status: 403 }, 0),
 *   open() {
 *     throw new Error("It was refused");
 *   },
 * };
 * const upgrade: Upgrade = () => question;
 * assert.equal(typeof upgrade, "function");
 * await using hub = gateway();
 * hub.listen(tcp({ port: 0 }), http({ upgrade }));
 * ```
 */
export interface UpgradeQuestion {
  /** Finds out whether to refuse: decides for undefined when nothing speaks against it. */
  ask(decided: Decided<UpgradeRefusal | undefined>): void;
  /** Sends the 101, and opens the session that takes the stream over. */
  open(now: number): Session;
}

/**
 * Answers a request that asks for another protocol (RFC 9110 §7.8). The result is the session that
 * takes the stream over, after its 101 has been sent; a refusal to send; a question to ask first;
 * or undefined when the request does not ask for a protocol of this upgrade, and is answered as
 * usual.
 *
 * @example WebSockets for clients that know a word
 * ```ts
 * import { gateway, http, tcp, type Upgrade, websocket } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const accept = websocket();
 * const upgrade: Upgrade = (request, wire, hub, now) =>
 *   request.fields.has("upgrade") && request.query !== "word=sesame"
 *     ? { status: 403 }
 *     : accept(request, wire, hub, now);
 *
 * await using hub = gateway();
 * const { port } = await hub.listen(tcp({ port: 0 }), http({ upgrade })).ready;
 * const socket = new WebSocket(`ws://127.0.0.1:${port}/topics/a?word=basil`);
 * const error = await new Promise<Event>((resolve) => socket.onerror = resolve);
 * assert.match((error as ErrorEvent).message, /403/);
 * ```
 */
export type Upgrade = (
  request: RequestHead,
  wire: Wire,
  hub: Hub,
  now: number,
) => Session | UpgradeRefusal | UpgradeQuestion | undefined;
