import type { Guard } from "../../protocols/guard.ts";
import type { Identity } from "../../protocols/identity.ts";
import type { Delivery, Publication } from "../../protocols/publication.ts";
import type { Hub, Inbox, Outcome, Receiver, Subscription } from "../../protocols/session.ts";
import { matches } from "../../protocols/topic.ts";
import type { Traffic } from "../../protocols/traffic.ts";
import type { FakeSpace } from "./fakes.ts";

/** Whoever did not say who he is. */
export const nobody: Identity = {
  user: undefined,
  clientId: undefined,
  groups: [],
  certificate: undefined,
  address: "192.0.2.1:1000",
  listener: "stage",
};

/** A session's own view of a `FakeSpace`. */
export abstract class FakeMember implements Hub, Inbox {
  abstract readonly name: string;
  guard: Guard | undefined;
  identity: Identity = nobody;

  constructor(readonly space: FakeSpace) {}

  abstract deliver(delivery: Delivery): boolean;
  abstract post(signal: unknown): boolean;
  history?: Hub["history"];

  get self(): Inbox {
    return this;
  }

  get traffic(): Traffic {
    return this.space.traffic;
  }

  identify(identity: Identity): void {
    this.identity = identity;
  }

  publish(publication: Publication): Outcome {
    return this.space.publish(publication);
  }

  subscribe(filter: string, subscription: Subscription, receiver: Receiver = this): boolean {
    let filters = this.space.subscriptions.get(receiver);
    if (!filters) this.space.subscriptions.set(receiver, filters = new Map());
    const isNew = !filters.has(filter);
    filters.set(filter, subscription);
    return isNew;
  }

  unsubscribe(filter: string, receiver: Receiver = this): boolean {
    return this.space.subscriptions.get(receiver)?.delete(filter) ?? false;
  }

  forget(receiver: Receiver): void {
    this.space.subscriptions.delete(receiver);
  }

  retained(topic: string): Publication | undefined {
    return this.space.values.get(topic);
  }

  *retainedMatching(
    filter: string,
    { screen, qos = 2 }: Partial<Subscription> = {},
    receiver: Receiver = this,
  ): IterableIterator<Publication | undefined> {
    const { search, values } = this.space;
    if (search !== undefined) return yield* search();
    for (const value of values.values()) {
      if (matches(filter, value.topic) && screen?.shows(value, receiver, qos) !== false) {
        yield value;
      }
    }
  }

  shared<T>(kind: new () => T): T {
    return this.space.shared(kind);
  }

  count(event: string, amount = 1): void {
    this.space.counts.set(event, (this.space.counts.get(event) ?? 0) + amount);
  }
}
