import type { Screen } from "../protocols/guard.ts";
import { type Identity, Refusal } from "../protocols/identity.ts";
import { Delivery, type Publication, type Qos } from "../protocols/publication.ts";
import type { Publisher, Receiver } from "../protocols/session.ts";
import { authorization } from "./authorization.ts";
import type { HookChain } from "./hook_chain.ts";

/** Deliveries of one subscription that wait for hooks: what comes beyond is dropped and counted. */
const MAX_UNDECIDED = 1_000;

/** A delivery that waits for its turn; `allowed` is undefined while that is not decided. */
interface Waiting {
  readonly delivery: Delivery;
  readonly receiver: Receiver;
  allowed: boolean | undefined;
}

/** Asks the hooks for each delivery of one subscription, and keeps their order. */
export class HookScreen implements Screen {
  #waiting: Waiting[] = [];

  constructor(
    readonly chain: HookChain,
    readonly identity: Identity,
    readonly dropped: () => void,
  ) {}

  shows(value: Publication, receiver: Receiver, qos: Qos): boolean {
    const lower = Math.min(value.qos, qos) as Qos;
    const delivery = new Delivery(value, lower, true, undefined);
    // A value does not wait behind messages: its receiver takes it when it has room.
    const waiting: Waiting = { delivery, receiver, allowed: undefined };
    this.#ask(waiting);
    if (waiting.allowed === undefined) this.#wait(waiting);
    return waiting.allowed === true;
  }

  deliver(delivery: Delivery, receiver: Receiver, from?: Publisher): boolean | undefined {
    const waiting: Waiting = { delivery, receiver, allowed: undefined };
    this.#ask(waiting);
    if (waiting.allowed === false) return undefined;
    if (waiting.allowed === true && this.#waiting.length === 0) {
      return receiver.deliver(delivery, from);
    }
    return this.#wait(waiting);
  }

  #ask(waiting: Waiting): void {
    const { publication: { topic }, qos, retain } = waiting.delivery;
    let late = false;
    const access = { action: "deliver", identity: this.identity, topic, qos, retain } as const;
    this.chain.ask(authorization(access), {
      // Delivering belongs to nobody's turn in particular.
      later: (work) => {
        late = true;
        work();
      },
      decided: (answer) => {
        waiting.allowed = !(answer instanceof Refusal);
        if (late) this.#run();
      },
    });
  }

  #wait(waiting: Waiting): boolean {
    const isFull = this.#waiting.length >= MAX_UNDECIDED;
    if (isFull) this.dropped();
    else this.#waiting.push(waiting);
    return !isFull;
  }

  #run(): void {
    let done = 0;
    for (; done < this.#waiting.length; done++) {
      const { allowed, delivery, receiver } = this.#waiting[done]!;
      if (allowed === undefined) break;
      if (allowed) receiver.deliver(delivery);
    }
    this.#waiting.splice(0, done);
  }
}
