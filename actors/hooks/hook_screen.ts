import type { Screen } from "../../protocols/guard.ts";
import { type Identity, Refusal } from "../../protocols/identity.ts";
import { Delivery, type Publication, type Qos } from "../../protocols/publication.ts";
import type { Publisher, Receiver } from "../../protocols/session.ts";
import { authorization } from "./authorization.ts";
import type { HookChain } from "./hook_chain.ts";

/** Deliveries of one subscription that may wait for hooks; more are dropped and counted. */
const MAX_UNDECIDED = 1_000;

/** A delivery that waits for its turn; `allowed` is undefined while that is not decided. */
interface Waiting {
  readonly delivery: Delivery;
  readonly receiver: Receiver;
  allowed: boolean | undefined;
  /** The revision of the hooks that decided. */
  revision: number;
}

/** How a subscription is screened. */
interface ScreenOptions {
  /** Called for each delivery that is thrown away. */
  readonly dropped: () => void;
  /** True for a filter without wildcards: whoever allowed it allowed all that it selects. */
  readonly isPlain: boolean;
}

/**
 * Asks the hooks for each delivery of one subscription, and keeps their order. A plain filter was
 * asked about when it was made, so its deliveries are asked about only once the hooks have changed.
 */
export class HookScreen implements Screen {
  #waiting: Waiting[] = [];
  /** The revision of the hooks that allowed the whole subscription; NaN where none did. */
  readonly #allowed: number;

  constructor(
    readonly chain: HookChain,
    readonly identity: Identity,
    readonly options: ScreenOptions,
  ) {
    this.#allowed = options.isPlain ? chain.revision : NaN;
  }

  get isOpen(): boolean {
    const { revision, authorizes } = this.chain;
    return this.#allowed === revision || !authorizes;
  }

  shows(value: Publication, receiver: Receiver, qos: Qos): boolean {
    if (this.isOpen) return true;
    const lower = Math.min(value.qos, qos) as Qos;
    const delivery = new Delivery(value, lower, true, undefined);
    // Receivers take stored values when they have room for them: these need not wait their turn.
    const waiting: Waiting = { delivery, receiver, allowed: undefined, revision: NaN };
    this.#ask(waiting);
    if (waiting.allowed === undefined) this.#wait(waiting);
    return waiting.allowed === true;
  }

  deliver(delivery: Delivery, receiver: Receiver, from?: Publisher): boolean | undefined {
    if (this.isOpen) return receiver.deliver(delivery, from);
    const waiting: Waiting = { delivery, receiver, allowed: undefined, revision: NaN };
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
      // A delivery needs no turn of its own: the receiver only puts it into its mailbox.
      later: (work) => {
        late = true;
        work();
      },
      decided: (answer) => {
        waiting.allowed = !(answer instanceof Refusal);
        waiting.revision = this.chain.revision;
        if (late) this.#run();
      },
    });
  }

  #wait(waiting: Waiting): boolean {
    const isFull = this.#waiting.length >= MAX_UNDECIDED;
    if (isFull) this.options.dropped();
    else this.#waiting.push(waiting);
    return !isFull;
  }

  /** Hands over what is decided at the front of the queue. */
  #run(): void {
    let done = 0;
    for (; done < this.#waiting.length; done++) {
      const waiting = this.#waiting[done]!;
      // Decided while it was behind another, by hooks that are asked no more.
      if (waiting.allowed !== undefined && waiting.revision !== this.chain.revision) {
        waiting.allowed = undefined;
        this.#ask(waiting);
      }
      const { allowed, delivery, receiver } = waiting;
      if (allowed === undefined) break;
      if (allowed) receiver.deliver(delivery);
    }
    this.#waiting.splice(0, done);
  }
}
