import type { Decided, Guard } from "../../guard.ts";
import type { Refusal } from "../../identity.ts";
import type { Subscription } from "../../session.ts";
import type { Link } from "../link.ts";
import { permissions } from "../permission.ts";
import { screenAnew } from "../subscribe.ts";
import type { Client } from "./client.ts";

/** What hooks said of a subscription, as it stood then. */
interface Verdict {
  readonly subscription: Subscription;
  readonly refusal: Refusal | undefined;
}

/**
 * The subscriptions with which a connection goes on with a session. Until it has the session, another
 * may make more of them, with the rights of another login.
 */
export class Inheritance {
  /** By filter. */
  readonly #verdicts = new Map<string, Verdict>();
  #revision = NaN;

  constructor(readonly link: Link, readonly guard: Guard) {}

  /** True when nobody needs to be asked about what the session has now. */
  isKnown(client: Client): boolean {
    return !client.isFollowing || this.#unknownOf(client).length === 0;
  }

  /** Asks about what is not known; the answer is why nobody can tell at the moment. */
  ask(client: Client, decided: Decided<Refusal | undefined>): void {
    const { link, guard } = this, unknown = this.#unknownOf(client);
    const filters = unknown.map(([filter, { qos }]) => ({ filter, qos }));
    permissions({ link, guard }, filters, (refusals, now) => {
      this.#forgetOutdated();
      // What nobody can tell now is no reason to lose a subscription for ever.
      const undecided = refusals.find((each) => each?.kind === "unavailable");
      if (undecided !== undefined) return decided(undecided, now);
      for (const [at, [filter, subscription]] of unknown.entries()) {
        this.#verdicts.set(filter, { subscription, refusal: refusals[at] });
      }
      decided(undefined, now);
    });
  }

  /** Leaves of a session whose subscriptions are known what its client may follow. */
  settle(client: Client): void {
    if (!client.isFollowing) return;
    const refused = [...this.#verdicts].filter(([, { refusal }]) => refusal !== undefined);
    screenAnew(client, this.link.hub, refused.map(([filter]) => filter));
  }

  #unknownOf(client: Client): [filter: string, Subscription][] {
    this.#forgetOutdated();
    return [...client.subscriptions].filter(([filter, each]) =>
      this.#verdicts.get(filter)?.subscription !== each
    );
  }

  #forgetOutdated(): void {
    const { revision } = this.guard;
    if (this.#revision !== revision) this.#verdicts.clear();
    this.#revision = revision;
  }
}
