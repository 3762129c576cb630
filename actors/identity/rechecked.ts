import type { Grant } from "../../protocols/grant.ts";
import { type Clock, systemClock } from "../clock.ts";
import { Lookout } from "./lookout.ts";

/** How often somebody is asked again, and by which clock. */
export interface RecheckOptions {
  readonly everyMs: number;
  readonly clock?: Pick<Clock, "after" | "now">;
}

/** By how much the time until the next question varies: who came together does not come back so. */
const SPREAD = 0.2;

/** What a login stands on when whoever allowed it is asked again, as long as somebody is in by it. */
export class Rechecked implements Grant {
  readonly #ask: () => Promise<boolean | undefined>;
  readonly #everyMs: number;
  readonly #clock: Pick<Clock, "after" | "now">;
  readonly #lookout: Lookout<void>;
  #holds = true;
  #askedAt: number;
  #asking: Promise<void> | undefined;

  /** `ask` resolves with whether it holds, or undefined when nobody can tell. */
  constructor(
    ask: () => Promise<boolean | undefined>,
    { everyMs, clock = systemClock }: RecheckOptions,
  ) {
    this.#ask = ask;
    this.#everyMs = everyMs * (1 - SPREAD * Math.random());
    this.#clock = clock;
    this.#askedAt = clock.now();
    this.#lookout = new Lookout({ everyMs: this.#everyMs, look: () => this.#look(), clock });
  }

  check(decided: (holds: boolean) => void): void {
    const isRecent = this.#clock.now() - this.#askedAt < this.#everyMs;
    if (isRecent || !this.#holds) return decided(this.#holds);
    this.#look().then(() => decided(this.#holds));
  }

  watch(revoked: () => void): () => void {
    if (!this.#holds) revoked();
    return this.#lookout.add(revoked);
  }

  #look(): Promise<void> {
    return this.#asking ??= this.#recheck().finally(() => this.#asking = undefined);
  }

  async #recheck(): Promise<void> {
    const holds = await this.#ask();
    this.#askedAt = this.#clock.now();
    if (holds !== false || !this.#holds) return;
    this.#holds = false;
    this.#lookout.tell();
  }
}
