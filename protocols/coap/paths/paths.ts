import { FORWARD_PATH, Handlers, type PathAnswer } from "../../http/handlers.ts";
import type { RequestHead } from "../../http/messages/message.ts";
import { type Identity, notAllowed } from "../../identity.ts";
import type { Link } from "../../link_format.ts";
import type { Hub, Peer } from "../../session.ts";
import { shapeOf } from "../blocks/blockwise.ts";
import type { MessageLayer } from "../exchange/layer.ts";
import type { LateAnswer, LateAnswers } from "../late.ts";
import { Answer, refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import { isRegistration, type Request } from "../messages/request.ts";
import type { Changes } from "../observe/changes.ts";
import type { Observers } from "../observe/observers.ts";
import type { Origin } from "../origin.ts";
import { refused } from "../permission.ts";
import { CoapExchange } from "./coap_exchange.ts";
import { Etags } from "./etags.ts";
import { type Asker, HttpExchange } from "./http_exchange.ts";
import { headOf, methodOf } from "./http_request.ts";
import { type Resource, Resources } from "./resources.ts";
import { hasDots, pathOf, targetOf } from "./uri.ts";
import { Watch } from "./watch.ts";

/** The application's handlers: first those for CoAP alone, then those that HTTP has, too. */
export class Paths {
  readonly #resources: Resources;
  readonly #handlers: Handlers;
  readonly #etags: Etags;

  constructor(
    readonly hub: Hub,
    readonly layer: MessageLayer,
    readonly session: {
      readonly lates: LateAnswers;
      readonly changes: Changes;
      readonly observers: Observers;
    },
  ) {
    this.#resources = hub.shared(Resources);
    this.#handlers = hub.shared(Handlers);
    this.#etags = hub.shared(Etags);
  }

  get size(): number {
    return this.#resources.size + this.#handlers.size;
  }

  /** Further critical options that the handler of a request understands. */
  understood(request: Request): ReadonlySet<number> | undefined {
    return this.#resources.find(pathOf(request.message))?.terms.critical;
  }

  /** Answers a request; undefined when the answer comes later. */
  answer(request: Request, from: Origin, peer: Peer): Answer | undefined {
    const resource = this.#resources.size === 0
      ? undefined
      : this.#resources.find(pathOf(request.message));
    return resource === undefined
      ? this.#handle(request, from, peer)
      : this.#ask(resource, request, from, peer);
  }

  /** Passes a request for another server to the forward proxy, if there is one (RFC 7252 §5.7). */
  forward(request: Request, from: Origin, peer: Peer): Answer | undefined {
    const { forward } = this.#handlers, target = targetOf(request.message);
    if (forward === undefined) {
      return refusal(Code.noProxy, "Cannot forward: this gateway is no proxy");
    }
    const head = headOf(request, this.#etags);
    if (head instanceof Answer) return head;
    const query = `target_uri=${encodeURIComponent(target)}`;
    return this.#give({ ...head, path: FORWARD_PATH, query }, forward, { request, from, peer });
  }

  /** Links to the paths that the client may read. */
  *links(from: Origin): IterableIterator<Link> {
    for (const all of [this.#resources.links(), this.#handlers.links()]) {
      for (const link of all) if (mayUse(from, "GET", link.target)) yield link;
    }
  }

  #handle(request: Request, from: Origin, peer: Peer): Answer | undefined {
    const head = headOf(request, this.#etags);
    if (head instanceof Answer) return head;
    const found = this.#handlers.find(head);
    if (found === undefined) {
      return refusal(Code.notFound, "Nothing is here: try /.well-known/core");
    }
    return this.#give(head, found.value, { request, from, peer, params: found.params });
  }

  #give(
    head: RequestHead,
    answer: PathAnswer,
    { request, from, peer, params = {} }: {
      request: Request;
      from: Origin;
      peer: Peer;
      params?: Readonly<Record<string, string>>;
    },
  ): Answer | undefined {
    const { now } = from;
    if (!mayUse(from, head.method, head.path)) return refusedPath(from, head.path);
    const asked = { request, head, etags: this.#etags };
    const exchange = new HttpExchange(asked, this.#askerOf(from, peer), now);
    return this.#late(request, from).hold((decided) => {
      exchange.decided = decided;
      answer(exchange, now, params);
    }, { now, gone: () => exchange.leave() });
  }

  #ask(
    resource: Resource,
    request: Request,
    from: Origin,
    peer: Peer,
  ): Answer | undefined {
    const { now } = from, { message, accept } = request, { formats, observed } = resource.terms;
    const method = methodOf(message.code), path = pathOf(message);
    if (method === undefined) {
      return refusal(Code.methodNotAllowed, "This method is not known here");
    }
    if (hasDots(message)) return refusal(Code.badRequest, 'Cannot use "." or ".." in a path');
    if (!mayUse(from, method, path)) return refusedPath(from, path);
    if (accept !== undefined && formats?.includes(accept) === false) {
      const known = formats.join(", ");
      return refusal(Code.notAcceptable, `Cannot answer in format ${accept}: there is ${known}`);
    }
    const asker = this.#askerOf(from, peer), late = this.#late(request, from);
    const watch = isRegistration(request) && observed !== undefined
      ? this.#watch(resource, request, { asker, from })
      : undefined;
    let isGone = false;
    return late.hold((decided) => {
      watch?.wait();
      resource.answer(
        new CoapExchange(request, asker, (answer, now) => {
          const admits = watch !== undefined && !isGone && !resource.isRemoved;
          decided(admits ? this.#admit(watch, late, { answer, from, now }) : answer, now);
        }),
      );
    }, {
      now,
      gone: () => {
        isGone = true;
        watch?.stop();
      },
    });
  }

  #watch(
    resource: Resource,
    request: Request,
    { asker, from }: { asker: Asker; from: Origin },
  ): Watch {
    const { layer, session: { changes } } = this;
    return new Watch(resource, { changes, layer }, (decided, now) => {
      // The policy may have changed since the request.
      const { message } = request, path = pathOf(message);
      if (!mayUse(from, methodOf(message.code)!, path)) {
        return decided(refusedPath(from, path), now);
      }
      resource.answer(new CoapExchange(request, asker, decided));
    });
  }

  /** Registers the client that is answered as an observer. */
  #admit(
    watch: Watch,
    { peer, request }: LateAnswer,
    { answer, from, now }: { answer: Answer; from: Origin; now: number },
  ): Answer {
    const { observed } = watch.resource.terms;
    const wish = {
      filter: "",
      watch,
      shape: shapeOf(request),
      accept: request.accept,
      szx: request.block2 === undefined ? undefined : request.block2 & 7,
      everyConfirmed: observed === "all",
      fewConfirmed: observed === "few",
      endsWhenCleared: false,
      caller: from.client === undefined ? from.caller : undefined,
      client: from.client,
    };
    const first = this.session.observers.admit(peer, request, { wish, answer }, now);
    if (!watch.isOn) watch.stop();
    // Notifications must not be answered with 2.03 because of ETags in the first request.
    request.etags = undefined;
    return first;
  }

  #late(request: Request, { caller, address }: Origin): LateAnswer {
    return caller?.late ?? this.session.lates.begin(request, address);
  }

  #askerOf({ caller, address }: Origin, peer: Peer): Asker {
    const identity: Identity = caller?.identity ?? { ...this.hub.identity, address };
    return {
      inbox: this.hub.self,
      peer,
      identity,
      scheme: `coap${peer.secure ? "s" : ""}${this.layer.transport}`,
      maxBytes: this.layer.limits.maxPayloadBytes,
      room: this.session.lates.room,
    };
  }
}

function mayUse({ caller }: Origin, method: string, path: string): boolean {
  return caller?.guard.mayUse(caller.identity, method, path) !== false;
}

function refusedPath({ caller }: Origin, path: string): Answer {
  return refused(notAllowed(`Not allowed to use ${path}`, caller!.identity));
}
