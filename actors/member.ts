import type { Publication } from "../protocols/publication.ts";
import type {
  Hub,
  Inbox,
  Outcome,
  Publisher,
  Receiver,
  Subscription,
} from "../protocols/session.ts";
import type { Space } from "./space.ts";

/** The topic space as one session sees it. */
export class Member implements Hub {
  constructor(
    readonly space: Space,
    readonly self: Inbox,
    /** Who waits when a receiver falls behind; nobody, for datagrams. */
    readonly publisher?: Publisher,
  ) {}

  publish(publication: Publication): Outcome {
    return this.space.publish(publication, this.publisher);
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

  retainedMatching(filter: string): IterableIterator<Publication> {
    return this.space.retained.matching(filter, this.space.clock.now());
  }

  shared<T>(kind: new () => T): T {
    return this.space.shared(kind);
  }

  count(event: string, amount?: number): void {
    this.space.count(event, amount);
  }
}
