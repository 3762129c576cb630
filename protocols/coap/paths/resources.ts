import type { Link, LinkAttributes } from "../../link_format.ts";
import { refusal } from "../answer.ts";
import { Code } from "../codec.ts";
import type { CoapExchange } from "./coap_exchange.ts";
import { type CoapCode, codeFrom } from "./coap_response.ts";
import { pathFrom } from "./uri.ts";
import type { Watch } from "./watch.ts";

/** Which notifications ask for an acknowledgement: now and then one, all, or as few as may be. */
export type Confirming = "some" | "all" | "few";

/** What is known of a resource before its handler is asked. */
interface ResourceTerms {
  /** How observers are told of changes; undefined when there are none. */
  readonly observed: Confirming | undefined;
  /** Critical options that the handler understands. */
  readonly critical: ReadonlySet<number>;
  /** The Content-Formats that there are; undefined when only the handler knows. */
  readonly formats: readonly number[] | undefined;
  /** What `/.well-known/core` says of it; undefined to leave it out. */
  readonly attributes: LinkAttributes | undefined;
}

/** Answers the requests for one path, or all below it, once for each exchange. */
type ResourceAnswer = (exchange: CoapExchange) => void;

/** One resource of the application, for all sessions of a gateway. */
export class Resource {
  /** Those who observe it. */
  readonly watches = new Set<Watch>();
  /** True when nobody asks for it any more. */
  isRemoved = false;

  constructor(
    readonly path: string,
    readonly answer: ResourceAnswer,
    readonly terms: ResourceTerms,
  ) {}

  /** How many observe it. */
  get observers(): number {
    let count = 0;
    for (const watch of this.watches) if (watch.isOn) count++;
    return count;
  }

  /** Has all who observe it told what there is now. */
  changed(): void {
    for (const watch of this.watches) watch.changed();
  }

  /** Ends all observations with an error. Throws a `TypeError` when the code is not that of one. */
  end(code: CoapCode, reason: string): void {
    const number = codeFrom(code);
    if (number < Code.badRequest) {
      throw new TypeError(`Cannot end with "${code}": an error such as "5.03" is right`);
    }
    const answer = refusal(number, reason);
    for (const watch of this.watches) watch.end(answer);
  }
}

/** Paths that are the gateway's own. */
const OWN = /^\/(?:topics|ps|pubsub)(?:\/|$)|^\/(?:\.well-known\/core|mqtt\/connection)$/;

/** Who answers which path in CoAP's own terms: the gateway has one, shared by all its CoAP sessions. */
export class Resources {
  readonly #resources = new Map<string, Resource>();

  get size(): number {
    return this.#resources.size;
  }

  /**
   * Has `answer` called for a path, and for everything below one that ends in `/*`. Throws a
   * `TypeError` when the path is none, is taken, or is the gateway's own.
   */
  add(path: string, answer: ResourceAnswer, terms: ResourceTerms): Resource {
    if (!path.startsWith("/")) throw new TypeError(`Cannot handle "${path}": a path begins with /`);
    const name = normal(path);
    if (name === undefined) {
      throw new TypeError(`Cannot handle "${path}": its percent-encoding is broken`);
    }
    if (OWN.test(name)) throw new TypeError(`Cannot handle "${path}": it is the gateway's own`);
    if (this.#resources.has(name)) {
      throw new TypeError(`Cannot handle "${path}" twice: remove its first handler before`);
    }
    const resource = new Resource(path, answer, terms);
    this.#resources.set(name, resource);
    return resource;
  }

  /** Takes a resource out again; those who observe it hear that it is gone. */
  remove(resource: Resource): void {
    const name = normal(resource.path)!;
    if (this.#resources.get(name) !== resource) return;
    this.#resources.delete(name);
    resource.isRemoved = true;
    resource.end("4.04", "This path is not there any more");
  }

  /** Who answers a path, as `pathOf` has it: whoever has it, or the longest that it is below. */
  find(path: string): Resource | undefined {
    const exact = this.#resources.get(path);
    if (exact !== undefined) return exact;
    for (let end = path.lastIndexOf("/"); end >= 0; end = path.lastIndexOf("/", end - 1)) {
      const below = this.#resources.get(`${path.slice(0, end)}/*`);
      if (below !== undefined || end === 0) return below;
    }
    return undefined;
  }

  /** What there is to discover. */
  *links(): IterableIterator<Link> {
    for (const [path, { terms: { attributes, observed } }] of this.#resources) {
      if (attributes === undefined || path.endsWith("/*")) continue;
      yield {
        target: path,
        attributes: observed === undefined ? attributes : { ...attributes, obs: true },
      };
    }
  }
}

/**
 * A path encoded as those of requests are; undefined for one whose encoding is broken. An encoded
 * slash stays one: what rules about paths allow to somebody must not be what is found for another.
 */
function normal(path: string): string | undefined {
  try {
    return pathFrom(path.slice(1).split("/").map(decodeURIComponent));
  } catch {
    return undefined;
  }
}
