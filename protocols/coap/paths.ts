import { Handlers } from "../http/handlers.ts";
import type { Identity } from "../identity.ts";
import type { Hub, Peer } from "../session.ts";
import { Answer, refusal } from "./answer.ts";
import { BERT } from "./block.ts";
import { Code } from "./codec.ts";
import { Etags } from "./etags.ts";
import { HttpExchange } from "./http_exchange.ts";
import { headOf } from "./http_request.ts";
import type { LateAnswers } from "./late.ts";
import type { MessageLayer } from "./layer.ts";
import type { Link } from "./links.ts";
import type { Origin } from "./origin.ts";
import type { Request } from "./request.ts";

/** Paths of the application: those that handlers of HTTP answer. */
export class Paths {
  readonly #handlers: Handlers;
  readonly #etags: Etags;

  constructor(readonly hub: Hub, readonly layer: MessageLayer, readonly lates: LateAnswers) {
    this.#handlers = hub.shared(Handlers);
    this.#etags = hub.shared(Etags);
  }

  get size(): number {
    return this.#handlers.size;
  }

  /** Answers a request; undefined when the answer comes in a later turn. */
  answer(request: Request, from: Origin, peer: Peer): Answer | undefined {
    const { caller, address, now } = from, etags = this.#etags;
    const head = headOf(request, etags);
    if (head instanceof Answer) return head;
    const found = this.#handlers.find(head);
    if (found === undefined) {
      return refusal(Code.notFound, "Nothing is here: try /.well-known/core");
    }
    if (!mayUse(from, head.method, head.path)) return notAllowed(head.path);
    const exchange = new HttpExchange({ request, head, etags }, {
      inbox: this.hub.self,
      peer,
      identity: this.#identityOf(from),
      scheme: this.#schemeOf(peer),
      maxBytes: this.layer.limits.maxPayloadBytes,
    }, now);
    const late = caller?.late ?? this.lates.begin(request, address);
    return late.hold((decided) => {
      exchange.decided = decided;
      found.value(exchange, now, found.params);
    }, { now, gone: () => exchange.leave() });
  }

  /** What there is to discover, for whoever may read it. */
  *links(from: Origin): IterableIterator<Link> {
    for (const { path, attributes } of this.#handlers.links()) {
      if (mayUse(from, "GET", path)) yield { target: path, attributes };
    }
  }

  #identityOf({ caller, address }: Origin): Identity {
    return caller?.identity ?? { ...this.hub.identity, address };
  }

  /** RFC 7252 §6.1, RFC 8323 §8. */
  #schemeOf({ secure }: Peer): string {
    const isStream = this.layer.composer.maxSzx === BERT;
    return `coap${secure ? "s" : ""}${isStream ? "+tcp" : ""}`;
  }
}

function mayUse({ caller }: Origin, method: string, path: string): boolean {
  return caller?.guard.mayUse(caller.identity, method, path) !== false;
}

function notAllowed(path: string): Answer {
  return refusal(Code.forbidden, `Not allowed to use ${path}`);
}
