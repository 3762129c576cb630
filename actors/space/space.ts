import type { Health } from "../../protocols/journal.ts";
import type { Publication } from "../../protocols/publication.ts";
import type { Outcome, Publisher } from "../../protocols/session.ts";
import { isMomentary } from "../../protocols/topic.ts";
import { Traffic } from "../../protocols/traffic.ts";
import { Trail } from "../../protocols/trail.ts";
import { Alarms } from "../alarm.ts";
import { type Clock, systemClock } from "../clock.ts";
import { HookChain, hookDefaults, type HookLimits } from "../hooks/hook_chain.ts";
import type { Hooks } from "../hooks/hooks.ts";
import type { Log } from "../log.ts";
import type { Ledger } from "./ledger.ts";
import { Retained, retainedDefaults, type RetainedLimits } from "./retained.ts";
import { Router } from "./router.ts";

/** The one topic space that all protocols share. */
export class Space {
  readonly #shared = new Map<unknown, unknown>();
  readonly retained: Retained;
  /**
   * Deliveries thrown away. A field of its own: beside a slow receiver every message counts here.
   */
  dropped = 0;
  readonly traffic = new Traffic();
  readonly router = new Router(this.traffic);
  /** What applications decide; undefined when there is nobody to ask. */
  hooks: HookChain | undefined = undefined;
  /** What survives a restart; undefined when nothing does. */
  ledger: Ledger | undefined = undefined;
  readonly clock: Clock;
  readonly alarms: Alarms;
  /** What keeps bridges from sending messages round and round. */
  readonly trail: Trail = this.shared(Trail);
  /** True once the gateway takes no more publications. */
  closing = false;
  readonly #counts = new Map<string, number>();
  readonly #hookLimits: HookLimits;

  constructor(options: { limits?: Partial<RetainedLimits & HookLimits>; clock?: Clock } = {}) {
    this.#hookLimits = { ...hookDefaults, ...options.limits };
    this.retained = new Retained({ ...retainedDefaults, ...options.limits });
    this.clock = options.clock ?? systemClock;
    this.alarms = new Alarms(this.clock);
    this.trail.id = crypto.randomUUID().slice(-12);
  }

  /** Routes a publication; a value that is stored counts for `owner`, or for nobody. */
  publish(publication: Publication, from?: Publisher, owner?: string): Outcome {
    if (this.closing) return "closing";
    if (this.trail.active) return this.#pass(publication, from, owner);
    return this.#route(publication, from, owner);
  }

  #route(
    publication: Publication,
    from: Publisher | undefined,
    owner: string | undefined,
  ): Exclude<Outcome, "closing"> {
    if (this.ledger !== undefined) return this.#record(publication, this.ledger, from, owner);
    if (!publication.retain) return this.router.publish(publication, from);
    if (!this.retained.set(publication, owner)) {
      this.count("retained.refused");
      return "overloaded";
    }
    this.router.publish(publication, from);
    return "accepted";
  }

  /** Routes and writes down what must survive. */
  #record(
    publication: Publication,
    ledger: Ledger,
    from: Publisher | undefined,
    owner: string | undefined,
  ): Exclude<Outcome, "closing"> {
    const keeps = publication.retain && !isMomentary(publication.topic);
    if (keeps && ledger.failing) {
      ledger.refuse();
      return "overloaded";
    }
    if (publication.retain && !this.retained.set(publication, owner)) {
      this.count("retained.refused");
      return "overloaded";
    }
    // As it is stored: it may end sooner than its publisher said.
    if (keeps) {
      ledger.saveRetained(
        this.retained.stored(publication.topic) ?? publication,
        this.retained.ownerOf(publication.topic),
      );
    }
    const { refusals } = ledger;
    const outcome = this.router.publish(publication, from);
    // Whoever is told that all is well must be able to rely on it.
    if (ledger.refusals !== refusals) return "overloaded";
    ledger.saveHistory(publication);
    return publication.retain ? "accepted" : outcome;
  }

  #pass(
    publication: Publication,
    from: Publisher | undefined,
    owner: string | undefined,
  ): Outcome {
    const passed = this.trail.pass(publication);
    if (typeof passed === "string") {
      this.count(`bridge.${passed}`);
      // It has been taken before.
      return "accepted";
    }
    const outcome = this.#route(passed, from, owner);
    if (outcome !== "overloaded") this.trail.taken(passed);
    return outcome;
  }

  /** Asks `hooks` too, until the returned function is called. */
  use(hooks: Hooks, log: Log): () => void {
    return (this.hooks ??= new HookChain(log, this.clock, this.#hookLimits)).add(hooks);
  }

  /** The one instance of `kind`. */
  shared<T>(kind: new () => T): T {
    let instance = this.#shared.get(kind) as T | undefined;
    if (instance === undefined) this.#shared.set(kind, instance = new kind());
    return instance;
  }

  /** Every instance that `shared` has made. */
  get services(): Iterable<unknown> {
    return this.#shared.values();
  }

  /** How the gateway is, for whoever decides where clients go. */
  health(): Health {
    const { fault } = this.ledger ?? {};
    const store = this.ledger === undefined ? "none" : fault === undefined ? "ok" : "failing";
    if (this.closing) return { status: "stopping", store, reason: "The gateway is stopping" };
    if (fault === undefined) return { status: "ok", store };
    return { status: "failing", store, reason: `The store cannot be written: ${fault}` };
  }

  count(event: string, amount = 1): void {
    this.#counts.set(event, (this.#counts.get(event) ?? 0) + amount);
  }

  /** Everything counted so far. */
  get counters(): ReadonlyMap<string, number> {
    return this.dropped === 0
      ? this.#counts
      : new Map([...this.#counts, ["delivery.dropped", this.dropped]]);
  }
}
