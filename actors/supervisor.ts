import type { Behaviour, Exit, Ref } from "./actor.ts";
import { Cell, Census, type Watcher } from "./cell.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { TreeNode } from "./tree.ts";

/** 10 ms to 5 s: a short fault is over at once, and a lasting one fills neither CPU nor log. */
export const restartBackoff = { minMs: 10, maxMs: 5_000 } as const;

/**
 * Who is restarted when a child crashes: only that child, all children, or that child and
 * those started after it.
 */
type Strategy = "one-for-one" | "one-for-all" | "rest-for-one";

/** How a supervisor treats crashes. */
export interface SupervisorOptions {
  strategy?: Strategy;
  /** Crashes tolerated within `windowMs` before the supervisor gives up; default 3. */
  maxRestarts?: number;
  /** Milliseconds; default 5,000. */
  windowMs?: number;
  /** The pause before a restart, doubled with each crash in the window; default none. */
  backoff?: { minMs: number; maxMs: number };
  clock?: Clock;
  /** Told of each crash, before anything is restarted. */
  crashed?: (name: string, error: unknown) => void;
  /** Called once when this supervisor gives up and has no parent to tell. */
  escalate?: (error: unknown) => void;
}

/**
 * How one actor is run: whether it is restarted, and how much mail may wait for it.
 *
 * @example A new life after each crash, with the mail that was not read
 * ```ts
 * import { gateway, Log, type SpawnOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway({ log: new Log({ level: "silent" }) });
 * const options: SpawnOptions = { restart: "crash", mailbox: 16, kind: "parser" };
 * const read = await new Promise((resolve) => {
 *   const parser = hub.spawn<string>("parser", () => ({
 *     receive: (text) => resolve(JSON.parse(text)),
 *   }), options);
 *   for (const text of ["{broken", "42"]) parser.tell(text);
 * });
 * assert.equal(read, 42);
 * ```
 */
export interface SpawnOptions {
  /** `crash` starts it again after a crash; `never`, the default, does not. */
  restart?: "never" | "crash";
  /** Messages the mailbox holds before `tell` answers false; default 1,024. */
  mailbox?: number;
  /** What `Gateway.tree` calls this sort of actor; default `actor`. */
  kind?: string;
}

/** What a supervisor runs: an actor, or a supervisor below it. */
interface Part {
  start(): void;
  stop(): void;
  /** Take mail from now until the restart that will come. */
  suspend(): void;
  /** No restart will come. */
  bury(): void;
  describe(): Partial<TreeNode>;
}

interface Child {
  readonly name: string;
  readonly kind: string;
  readonly permanent: boolean;
  readonly part: Part;
  restarts: number;
  lastCrash?: { message: string; at: number };
}

/** Starts children, restarts those that crash, stops them newest first. */
export class Supervisor {
  readonly #children = new Map<string, Child>();
  /** Children stopped or crashed whose next life is due. */
  readonly #due = new Set<Child>();
  readonly #options:
    & Required<Omit<SupervisorOptions, "backoff">>
    & Pick<SupervisorOptions, "backoff">;
  readonly #watcher: Watcher;
  #crashes: number[] = [];
  #cancelRestart: (() => void) | undefined;
  #stopped = false;

  constructor(
    readonly name: string,
    options: SupervisorOptions = {},
    census: Census = new Census(),
  ) {
    this.#watcher = { census, exited: (child, exit) => this.#exited(child, exit) };
    this.#options = {
      strategy: "one-for-one",
      maxRestarts: 3,
      windowMs: 5_000,
      clock: systemClock,
      crashed: () => {},
      escalate: (error) => reportError(error),
      ...options,
    };
  }

  /** Children alive or about to be restarted. */
  get size(): number {
    return this.#children.size;
  }

  /** Messages that nobody will ever read, in the whole tree. */
  get deadLetters(): number {
    return this.#watcher.census.deadLetters;
  }

  /** Starts an actor. Throws a `TypeError` when the name is taken or the supervisor has stopped. */
  spawn<M>(name: string, behaviour: Behaviour<M>, options: SpawnOptions = {}): Ref<M> {
    const { restart = "never", mailbox = 1024, kind = "actor" } = options;
    const permanent = restart === "crash";
    const watcher = this.#watcher;
    const cell = new Cell(name, behaviour, { watcher, capacity: mailbox, keepsMail: permanent });
    this.#adopt({ name, kind, permanent, restarts: 0, part: cell });
    cell.start();
    return cell;
  }

  /**
   * Starts a supervisor below this one. When it gives up, this one restarts it, within its own
   * limits, by another call of `init`, which spawns what must always be there.
   */
  supervise(
    name: string,
    options: SupervisorOptions = {},
    init: (supervisor: Supervisor) => void = () => {},
  ): Supervisor {
    const { clock, crashed } = this.#options;
    const below: Supervisor = new Supervisor(name, {
      clock,
      crashed: (child, error) => crashed(`${name}/${child}`, error),
      ...options,
      escalate: (error) => this.#exited(name, { kind: "crash", error }),
    }, this.#watcher.census);
    const part: Part = {
      start: () => {
        below.#stopped = false;
        below.#crashes = [];
        try {
          init(below);
        } catch (error) {
          below.stop();
          this.#exited(name, { kind: "crash", error });
        }
      },
      stop: () => below.stop(),
      suspend: () => {},
      bury: () => {},
      describe: () => ({ children: below.tree() }),
    };
    this.#adopt({ name, kind: "supervisor", permanent: true, restarts: 0, part });
    part.start();
    return below;
  }

  /** Stops all children, newest first. */
  stop(): void {
    this.#stopped = true;
    this.#cancelRestart?.();
    this.#cancelRestart = undefined;
    this.#due.clear();
    // A child that ends deletes itself from the map, hence the copy.
    for (const child of [...this.#children.values()].reverse()) this.#remove(child);
  }

  /** Stops one child and forgets it. */
  stopChild(name: string): void {
    const child = this.#children.get(name);
    if (child) this.#remove(child);
  }

  /** Everything below, as it is now. */
  tree(): TreeNode[] {
    return [...this.#children.values()].map((
      { name, kind, restarts, lastCrash, part },
    ) => ({ name, kind, restarts, ...(lastCrash ? { lastCrash } : {}), ...part.describe() }));
  }

  #adopt(child: Child): void {
    if (this.#stopped) {
      throw new TypeError(
        `Cannot start "${child.name}": its supervisor has stopped, and starts nothing more`,
      );
    }
    if (this.#children.has(child.name)) {
      throw new TypeError(`Cannot start "${child.name}": the name is taken, choose another`);
    }
    this.#children.set(child.name, child);
  }

  #remove(child: Child): void {
    this.#children.delete(child.name);
    this.#due.delete(child);
    child.part.stop();
    child.part.bury();
  }

  #exited(name: string, exit: Exit): void {
    const child = this.#children.get(name);
    if (exit.kind === "crash") this.#record(name, exit.error);
    // A child that was stopped only to be restarted keeps its place.
    if (child === undefined || this.#due.has(child)) return;
    if (exit.kind !== "crash" || !child.permanent) {
      this.#children.delete(child.name);
      return;
    }
    const { clock, windowMs, maxRestarts, escalate, backoff } = this.#options;
    // A handler may crash at each message; where the number changes nothing, counting only costs.
    if (maxRestarts === Infinity && !backoff) return this.#restart(child);
    const at = clock.now();
    this.#crashes = this.#crashes.filter((each) => each > at - windowMs);
    this.#crashes.push(at);
    if (this.#crashes.length <= maxRestarts) return this.#restart(child);
    this.stop();
    escalate(exit.error);
  }

  #record(name: string, error: unknown): void {
    const child = this.#children.get(name);
    const message = error instanceof Error ? error.message : String(error);
    if (child) child.lastCrash = { message, at: this.#options.clock.now() };
    this.#options.crashed(name, error);
  }

  #restart(crashed: Child): void {
    for (const child of this.#affectedBy(crashed)) {
      if (!child.permanent) {
        this.#remove(child);
        continue;
      }
      this.#due.add(child);
      child.part.stop();
      child.part.suspend();
    }
    const { backoff, clock } = this.#options;
    if (!backoff) return this.#startDue();
    const delay = Math.min(backoff.maxMs, backoff.minMs * 2 ** (this.#crashes.length - 1));
    this.#cancelRestart?.();
    this.#cancelRestart = clock.after(delay, () => this.#startDue());
  }

  /** Newest first. */
  #affectedBy(crashed: Child): Child[] {
    const { strategy } = this.#options;
    if (strategy === "one-for-one") return [crashed];
    const all = [...this.#children.values()];
    return (strategy === "one-for-all" ? all : all.slice(all.indexOf(crashed))).reverse();
  }

  /** Oldest first: those that come later may need those before. */
  #startDue(): void {
    this.#cancelRestart = undefined;
    for (const child of [...this.#children.values()]) {
      if (!this.#due.delete(child)) continue;
      child.restarts++;
      child.part.start();
    }
  }
}
