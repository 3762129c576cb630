import type { Link, LinkAttributes } from "../../link_format.ts";
import { refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import type { CoapExchange } from "./coap_exchange.ts";
import { type CoapCode, codeFrom } from "./coap_response.ts";
import { pathFrom } from "./uri.ts";
import type { Watch } from "./watch.ts";

/** Which notifications are confirmable: some, all, or as few as allowed. */
export type Confirming = "some" | "all" | "few";

/** What is known of a resource without asking its handler. */
interface ResourceTerms {
  /** How observers are notified; undefined when it cannot be observed. */
  readonly observed: Confirming | undefined;
  /** Critical options that the handler understands. */
  readonly critical: ReadonlySet<number>;
  /** The Content-Formats that it has; undefined when only the handler knows. */
  readonly formats: readonly number[] | undefined;
  /** Its attributes in `/.well-known/core`; undefined when it is not listed there. */
  readonly attributes: LinkAttributes | undefined;
}

/** Answers the requests for a path, or for all below it: once for each exchange. */
type ResourceAnswer = (exchange: CoapExchange) => void;

/** A resource of the application, for all sessions of a gateway. */
export class Resource {
  /** Its observers. */
  readonly watches = new Set<Watch>();
  /** True once it was removed. */
  isRemoved = false;

  constructor(
    readonly path: string,
    readonly answer: ResourceAnswer,
    readonly terms: ResourceTerms,
  ) {}

  /** How many observers it has. */
  get observers(): number {
    let count = 0;
    for (const watch of this.watches) if (watch.isOn) count++;
    return count;
  }

  /** Notifies all observers of the present state. */
  changed(): void {
    for (const watch of this.watches) watch.changed();
  }

  /** Ends all observations with an error. Throws a `TypeError` for a code that is no error. */
  end(code: CoapCode, reason: string): void {
    const number = codeFrom(code);
    if (number < Code.badRequest) {
      throw new TypeError(`Cannot end with "${code}": an error such as "5.03" is right`);
    }
    const answer = refusal(number, reason);
    for (const watch of this.watches) watch.end(answer);
  }
}

/** The gateway's own paths. */
const OWN = /^\/(?:topics|ps|pubsub)(?:\/|$)|^\/(?:\.well-known\/core|mqtt\/connection)$/;

/**
 * The resources that handlers answer in CoAP alone. A gateway has one of these for all sessions.
 */
export class Resources {
  readonly #resources = new Map<string, Resource>();

  get size(): number {
    return this.#resources.size;
  }

  /**
   * Has `answer` called for a path, or for everything below one that ends in `/*`. Throws a
   * `TypeError` when the path is not valid, is taken, or is the gateway's own.
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

  /** Removes a resource, and tells its observers that it is gone. */
  remove(resource: Resource): void {
    const name = normal(resource.path)!;
    if (this.#resources.get(name) !== resource) return;
    this.#resources.delete(name);
    resource.isRemoved = true;
    resource.end("4.04", "This path is not there any more");
  }

  /** The resource for a path as `pathOf` has it: its own, or the longest that it is below. */
  find(path: string): Resource | undefined {
    const exact = this.#resources.get(path);
    if (exact !== undefined) return exact;
    for (let end = path.lastIndexOf("/"); end >= 0; end = path.lastIndexOf("/", end - 1)) {
      const below = this.#resources.get(`${path.slice(0, end)}/*`);
      if (below !== undefined || end === 0) return below;
    }
    return undefined;
  }

  /** Links to the resources that can be discovered. */
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
 * A path, encoded as `pathOf` does; undefined for one whose encoding is broken. An encoded slash
 * stays encoded, so that the path which rules allow is the one that is found.
 */
function normal(path: string): string | undefined {
  try {
    return pathFrom(path.slice(1).split("/").map(decodeURIComponent));
  } catch {
    return undefined;
  }
}
