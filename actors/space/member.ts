import type { Access, Guard } from "../../protocols/guard.ts";
import type { HistoryQuestion } from "../../protocols/history.ts";
import type { Identity, Refusal } from "../../protocols/identity.ts";
import type { Health, Journal } from "../../protocols/journal.ts";
import { ownerOf } from "../../protocols/owner.ts";
import type { Publication } from "../../protocols/publication.ts";
import type {
  Hub,
  Inbox,
  Outcome,
  Peer,
  Publisher,
  Receiver,
  Subscription,
} from "../../protocols/session.ts";
import { isReserved } from "../../protocols/topic.ts";
import type { Traffic } from "../../protocols/traffic.ts";
import { authorization } from "../hooks/authorization.ts";
import { HookGuard } from "../hooks/hook_guard.ts";
import type { Space } from "./space.ts";

/** Where a client came in. */
interface Door {
  /** The listener's name. */
  readonly listener: string;
  /** Who it is; undefined for a socket to which many peers send datagrams. */
  readonly peer?: Peer;
}

/** The topic space as one session sees it. */
export class Member implements Hub {
  #guard: HookGuard | undefined;
  #identity: Identity | undefined;
  #owner: string | undefined;

  constructor(
    readonly space: Space,
    readonly self: Inbox,
    /** Who waits when a receiver falls behind; undefined for datagrams, where nobody does. */
    readonly publisher?: Publisher,
    /**
     * Where the client came in; undefined for the gateway's own parts, about which no hook is
     * asked.
     */
    readonly door?: Door,
  ) {}

  get traffic(): Traffic {
    return this.space.traffic;
  }

  get journal(): Journal | undefined {
    return this.space.ledger;
  }

  health(): Health {
    return this.space.health();
  }

  get guard(): Guard | undefined {
    const { hooks } = this.space;
    if (hooks === undefined || this.door === undefined) return undefined;
    return this.#guard ??= new HookGuard(hooks, this.self, () => this.space.dropped++);
  }

  get identity(): Identity {
    return this.#identity ?? nobody(this.door);
  }

  identify(identity: Identity): void {
    this.#identity = identity;
    this.#owner = undefined;
  }

  publish(publication: Publication, owner?: string): Outcome {
    if (this.door === undefined) return this.space.publish(publication, this.publisher, owner);
    if (isReserved(publication.topic)) return "reserved";
    const { traffic } = this.space;
    traffic.publishReceived++;
    traffic.publishBytesReceived += publication.payload.length;
    if (!publication.retain) return this.space.publish(publication, this.publisher);
    owner ??= this.#owner ??= ownerOf(this.identity);
    return this.space.publish(publication, this.publisher, owner);
  }

  authorize(access: Access, decided: (refusal: Refusal | undefined) => void): void {
    const { hooks } = this.space;
    if (hooks === undefined) return decided(undefined);
    hooks.ask(authorization(access), { later: (work) => work(), decided });
  }

  subscribe(filter: string, subscription: Subscription, receiver: Receiver = this.self): boolean {
    return this.space.router.subscribe(filter, subscription, receiver);
  }

  unsubscribe(filter: string, receiver: Receiver = this.self): boolean {
    return this.space.router.unsubscribe(filter, receiver);
  }

  forget(receiver: Receiver): void {
    this.space.router.forget(receiver);
  }

  retained(topic: string): Publication | undefined {
    return this.space.retained.get(topic, this.space.clock.now());
  }

  retainedMatching(
    filter: string,
    subscription?: Subscription,
    receiver: Receiver = this.self,
  ): IterableIterator<Publication | undefined> {
    const values = this.space.retained.search(filter, this.space.clock.now());
    return subscription?.screen === undefined ? values : shown(values, subscription, receiver);
  }

  history(
    filter: string,
    question: HistoryQuestion,
    subscription?: Subscription,
    receiver: Receiver = this.self,
  ): readonly Publication[] | undefined {
    const past = this.space.ledger?.history(filter, question);
    if (past === undefined || subscription?.screen === undefined) return past;
    return [...shown(past, subscription, receiver)].filter((each) => each !== undefined);
  }

  shared<T>(kind: new () => T): T {
    return this.space.shared(kind);
  }

  count(event: string, amount?: number): void {
    this.space.count(event, amount);
  }
}

/** An inbox for whoever only publishes and asks: nothing is delivered to it. */
export function deafInbox(name: string): Inbox {
  return { name, deliver: () => false, post: () => false };
}

/** The topic space as a part of the gateway itself sees it: no hook is asked about that. */
export function insider(space: Space, name: string, publisher?: Publisher): Member {
  return new Member(space, deafInbox(name), publisher);
}

function nobody(door: Door | undefined): Identity {
  return {
    user: undefined,
    clientId: undefined,
    groups: [],
    certificate: door?.peer?.certificate,
    address: door?.peer?.address ?? "",
    listener: door?.listener ?? "",
  };
}

/** Those values that the subscriber may see. */
function* shown(
  values: Iterable<Publication | undefined>,
  { screen, qos }: Subscription,
  receiver: Receiver,
): IterableIterator<Publication | undefined> {
  for (const value of values) {
    yield value === undefined || screen!.shows(value, receiver, qos) ? value : undefined;
  }
}
