import type { Hooks } from "../../hooks/hooks.ts";
import { type Policy, policy, type PolicyOptions } from "../../identity/policy.ts";

/** The policy of the configuration file, which can be replaced while it is in force. */
export class LivePolicy implements Pick<Policy, "mayUse"> {
  #current: Policy;
  /** Removes the present policy from the hooks. */
  #remove: () => void;

  constructor(options: PolicyOptions, readonly use: (hooks: Hooks) => () => void) {
    this.#current = policy(options);
    this.#remove = use(this.#current);
  }

  /** Puts other rules in force. There is no moment without any. */
  replace(options: PolicyOptions): void {
    const next = policy(options), remove = this.use(next);
    this.#remove();
    this.#current = next;
    this.#remove = remove;
  }

  mayUse(...asked: Parameters<Policy["mayUse"]>): ReturnType<Policy["mayUse"]> {
    return this.#current.mayUse(...asked);
  }
}
