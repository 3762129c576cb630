import { type Identity, Refusal } from "../identity.ts";
import type { Link } from "../link_format.ts";
import type { Hub, Peer as WirePeer } from "../session.ts";
import { Blockwise, type Transfers } from "./blocks/blockwise.ts";
import type { MessageLayer } from "./exchange/layer.ts";
import { keyOf } from "./exchange/peers.ts";
import { LateAnswers } from "./late.ts";
import { Answer, refusal } from "./messages/answer.ts";
import { Code } from "./messages/codec.ts";
import { parameter } from "./messages/query.ts";
import type { Request } from "./messages/request.ts";
import { Changes } from "./observe/changes.ts";
import { Observers } from "./observe/observers.ts";
import type { Origin } from "./origin.ts";
import { Paths } from "./paths/paths.ts";
import { credentialsOf, refused } from "./permission.ts";
import type { Client } from "./pubsub/client.ts";
import { Clients } from "./pubsub/clients.ts";
import { Configurations } from "./pubsub/configurations.ts";
import { TopicCollection } from "./pubsub/topic_collection.ts";
import { discover } from "./topics/links.ts";
import { notAllowed } from "./topics/outcome.ts";
import { Replies } from "./topics/replies.ts";
import { Topics } from "./topics/topics.ts";

/**
 * The request layer (RFC 7252 §5) for datagrams and streams: puts bodies together, finds who
 * answers a request, and sends the answer at once or later, in blocks where it is long.
 */
export class Requests {
  readonly blocks: Blockwise;
  readonly changes: Changes;
  readonly observers: Observers;
  readonly replies: Replies;
  readonly lates: LateAnswers;
  readonly clients: Clients;
  readonly #topics: Topics;
  readonly #collection: TopicCollection;
  readonly #paths: Paths;
  #closing = false;

  constructor(readonly hub: Hub, readonly layer: MessageLayer, transfers?: Transfers) {
    this.blocks = new Blockwise(layer.limits, layer.composer, transfers);
    this.changes = new Changes(hub.self, layer.limits.maxBurst, layer.retryMs);
    this.observers = new Observers(hub, layer, this.changes, this.blocks);
    this.replies = new Replies(hub, layer, this.changes, this.blocks);
    this.lates = new LateAnswers(layer, this.blocks);
    this.clients = new Clients(hub, layer, this.observers);
    this.#topics = new Topics(hub, layer, this.observers, this.replies);
    this.#collection = new TopicCollection(hub, layer, hub.shared(Configurations));
    this.#paths = new Paths(hub, layer, this);
  }

  get deadline(): number {
    return Math.min(this.changes.retryAt, this.blocks.deadline);
  }

  /** True when a request may outlive its turn, so that its message must be copied. */
  get mayWait(): boolean {
    return this.hub.guard !== undefined || this.#paths.size > 0;
  }

  /** True when a request waits for its answer. */
  get isBusy(): boolean {
    return this.lates.size > 0 || this.replies.size > 0;
  }

  /** Further critical options that the handler of a request understands. */
  readonly understood = (request: Request): ReadonlySet<number> | undefined =>
    this.#paths.understood(request);

  tick(now: number): void {
    this.blocks.tick(now);
    if (this.changes.retryAt <= now) this.changes.flush(now);
  }

  signal(signal: unknown, now: number): void {
    if (typeof signal === "function") signal(now);
    else if (signal === this.changes) this.changes.flush(now);
  }

  /** The answer to a request, or its first block; undefined when it is sent separately. */
  answer(request: Request, from: Origin, peer: WirePeer): Answer | undefined {
    const answer = this.#authenticate(request, from, peer);
    return answer && this.blocks.finish(answer, request, peerOf(from), from.now);
  }

  shutdown(now: number): void {
    this.#closing = true;
    this.observers.shutdown(now);
    this.replies.shutdown(now);
    this.lates.shutdown(now);
  }

  end(): void {
    this.observers.end();
    this.replies.end();
    this.clients.clear();
    this.lates.end();
    this.blocks.end();
  }

  #authenticate(request: Request, from: Origin, peer: WirePeer): Answer | undefined {
    const client = this.clients.of(request);
    if (client instanceof Answer) return client;
    if (client !== undefined) return this.#serveClient(client, request, from, peer);
    const { guard, identity: { listener } } = this.hub;
    if (guard === undefined) return this.#serve(request, from, peer);
    const late = this.lates.begin(request, from.address);
    return late.ask<Identity | Refusal>(
      (decided) => guard.authenticate(credentialsOf(request, { peer, listener }), decided),
      (identity, now) => {
        if (identity instanceof Refusal) return refused(identity);
        return this.#serve(request, { ...from, now, caller: { identity, guard, late } }, peer);
      },
    );
  }

  /** A client in connection mode has logged in already. */
  #serveClient(
    client: Client,
    request: Request,
    from: Origin,
    peer: WirePeer,
  ): Answer | undefined {
    this.clients.heard(client, from.address, from.now);
    const { guard } = this.hub, { identity } = client;
    if (guard === undefined) return this.#serve(request, { ...from, client }, peer);
    const late = this.lates.begin(request, from.address);
    return this.#serve(request, { ...from, client, caller: { identity, guard, late } }, peer);
  }

  #serve(request: Request, from: Origin, peer: WirePeer): Answer | undefined {
    if (this.#closing) return refusal(Code.unavailable, "The gateway is shutting down");
    if (request.block1 !== undefined || request.payload.length > 0) {
      const part = this.blocks.receive(request, peerOf(from), from.now);
      if (part !== undefined) return part;
    }
    if (request.block2 !== undefined) {
      const rest = this.blocks.rest(request, peerOf(from), from.now);
      if (rest !== undefined) return rest;
      // To fetch further blocks of a notification is no registration (RFC 7959 §3.4).
      if (request.block2 >> 4 > 0) request.observe = undefined;
    }
    const { root, message } = request;
    const isObservable = message.code === Code.get || message.code === Code.fetch;
    if (isObservable && request.observe === 1) {
      this.observers.deregister(from.address, message.token, from.now);
    }
    if (request.isForOther) return this.#paths.forward(request, from, peer);
    if (root === "topics" || root === "ps") return this.#topics.answer(request, from);
    if (root === "pubsub") return this.#collection.answer(request, from);
    if (root === "mqtt" && request.rest === "connection") return this.clients.answer(request, from);
    return this.#other(request, from, peer);
  }

  #other(request: Request, from: Origin, peer: WirePeer): Answer | undefined {
    const { root, rest, message } = request;
    if (root === ".well-known" && rest === "core") {
      if (message.code !== Code.get) return notAllowed("GET");
      const { maxScanned, maxPayloadBytes: maxBytes } = this.layer.limits;
      const { caller } = from, screen = caller?.guard.screen("#", caller.identity);
      const others = this.#links(from);
      return discover(this.hub, request, { maxBytes, maxScanned, screen, others });
    }
    return this.#paths.answer(request, from, peer);
  }

  *#links(from: Origin): IterableIterator<Link> {
    yield* this.#collection.links(from);
    yield* this.#paths.links(from);
  }
}

/** True when a request changes nothing, or its answer is little more than a code. */
export function isAnsweredBriefly(request: Request): boolean {
  const { root, rest, message: { code } } = request;
  if (code === Code.get || code === Code.fetch) return true;
  if (root === "mqtt") return rest === "connection";
  return (root === "topics" || root === "ps") && parameter(request, "reply") === undefined;
}

function peerOf({ peer, address }: Origin): string {
  return peer?.key ?? keyOf(address);
}
