import type { Receiver, Subscription } from "../../protocols/session.ts";

/**
 * Who subscribes to one filter: mostly one, for whom a map would be four times larger than this.
 */
export class Subscribers {
  #receiver: Receiver | undefined = undefined;
  #subscription: Subscription | undefined = undefined;
  #others: Map<Receiver, Subscription> | undefined = undefined;

  get isEmpty(): boolean {
    return this.#receiver === undefined;
  }

  /** Adds or replaces; true when the receiver is new. */
  set(receiver: Receiver, subscription: Subscription): boolean {
    if (this.#receiver === undefined || this.#receiver === receiver) {
      const isNew = this.#receiver === undefined;
      this.#receiver = receiver;
      this.#subscription = subscription;
      return isNew;
    }
    const others = this.#others ??= new Map(), before = others.size;
    return others.set(receiver, subscription).size > before;
  }

  /** True when the receiver was there. */
  delete(receiver: Receiver): boolean {
    if (this.#receiver !== receiver) return this.#others?.delete(receiver) ?? false;
    this.#receiver = this.#subscription = undefined;
    for (const [next, subscription] of this.#others ?? []) {
      this.#others!.delete(next);
      this.#receiver = next;
      this.#subscription = subscription;
      break;
    }
    if (this.#others?.size === 0) this.#others = undefined;
    return true;
  }

  *[Symbol.iterator](): IterableIterator<[Receiver, Subscription]> {
    if (this.#receiver === undefined) return;
    yield [this.#receiver, this.#subscription!];
    if (this.#others !== undefined) yield* this.#others;
  }
}
