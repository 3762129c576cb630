import type { Hooks } from "../hooks.ts";
import { type Policy, policy, type PolicyOptions } from "../identity/policy.ts";

/** The policy of the configuration, whichever that is at the moment. */
export class LivePolicy implements Pick<Policy, "mayUse"> {
  #current: Policy;
  #takeOut: () => void;

  constructor(options: PolicyOptions, readonly use: (hooks: Hooks) => () => void) {
    this.#current = policy(options);
    this.#takeOut = use(this.#current);
  }

  /** Has other rules count from now on. There is no moment without any. */
  replace(options: PolicyOptions): void {
    const next = policy(options), takeOut = this.use(next);
    this.#takeOut();
    this.#current = next;
    this.#takeOut = takeOut;
  }

  mayUse(...asked: Parameters<Policy["mayUse"]>): ReturnType<Policy["mayUse"]> {
    return this.#current.mayUse(...asked);
  }
}
