import type { Actor, Behaviour, Exit, Ref, Self } from "./actor.ts";
import { Mailbox } from "./mailbox.ts";
import { schedule, type Turning } from "./scheduler.ts";
import type { TreeNode } from "./tree.ts";

/** Messages one turn may handle before other actors get theirs. */
const BATCH = 256;

/** What the whole tree counts together. */
export class Census {
  /** Messages that nobody will ever read. */
  deadLetters = 0;
}

/** Whoever decides what comes after an actor's end. */
export interface Watcher {
  readonly census: Census;
  exited(name: string, exit: Exit): void;
}

/** How one actor is run. */
interface CellOptions {
  readonly watcher: Watcher;
  /** Messages that its mailbox holds. */
  readonly capacity: number;
  /** True when its mail survives a crash, because another life will read it. */
  readonly keepsMail: boolean;
}

/** The runtime of one actor: its mailbox, its present life, its record. */
export class Cell<M> implements Ref<M>, Turning {
  turns = 0;
  readonly #watcher: Watcher;
  readonly #keepsMail: boolean;
  #behaviour: Behaviour<M> | undefined;
  readonly #mailbox: Mailbox<M>;
  #actor: Actor<M> | undefined;
  #life: Life<M> | undefined;
  #scheduled = false;
  /** True between a crash and the restart: mail is taken but not read. */
  #suspended = false;

  constructor(
    readonly name: string,
    behaviour: Behaviour<M>,
    { watcher, capacity, keepsMail }: CellOptions,
  ) {
    this.#watcher = watcher;
    this.#keepsMail = keepsMail;
    this.#behaviour = behaviour;
    this.#mailbox = new Mailbox(capacity);
  }

  get mailbox(): Mailbox<M> {
    return this.#mailbox;
  }

  start(): void {
    const life = this.#life = new Life(this);
    this.#suspended = false;
    const behaviour = this.#behaviour!;
    // One that is never restarted lets go of its recipe, and with it of all that the recipe holds.
    if (!this.#keepsMail) this.#behaviour = undefined;
    let actor: Actor<M>;
    try {
      actor = behaviour(life);
    } catch (error) {
      return this.#end(life, { kind: "crash", error });
    }
    // The behaviour may have stopped itself while it was being built.
    if (this.#life !== life) return actor.stopped?.({ kind: "done" }, new Mailbox(0));
    this.#actor = actor;
    if (this.#mailbox.size > 0) this.#wake();
  }

  tell(message: M): boolean {
    if (this.#actor === undefined && !this.#suspended && this.#life === undefined) {
      this.#watcher.census.deadLetters++;
      return false;
    }
    if (!this.#mailbox.push(message)) return false;
    this.#wake();
    return true;
  }

  /** Runs `work` as a turn of `life`; nothing happens when that life is over. */
  turn(life: Life<M>, work: () => void): void {
    if (life !== this.#life || this.#actor === undefined) return;
    this.turns++;
    try {
      work();
      if (this.#mailbox.size === 0) this.#actor?.idle?.();
    } catch (error) {
      this.#end(life, { kind: "crash", error });
    }
  }

  /** Ends `life` because it is done. */
  done(life: Life<M>): void {
    this.#end(life, { kind: "done" });
  }

  /** Ends the actor because its supervisor says so. */
  stop(): void {
    if (this.#life !== undefined) this.#end(this.#life, { kind: "shutdown" });
  }

  /** Takes mail from now until the restart that will come. */
  suspend(): void {
    this.#suspended = true;
  }

  /** Gives up the mail: nobody will read it. */
  bury(): void {
    this.#suspended = false;
    while (this.#mailbox.shift() !== undefined) this.#watcher.census.deadLetters++;
  }

  describe(): Partial<TreeNode> {
    const { size: depth, highWater, capacity } = this.#mailbox;
    const detail = this.#actor?.describe?.();
    const mailbox = { depth, highWater, capacity };
    return { mailbox, turns: this.turns, ...(detail ? { detail } : {}) };
  }

  /** Called by the scheduler: reads mail for one turn. */
  run(): void {
    this.#scheduled = false;
    const actor = this.#actor, life = this.#life;
    if (actor === undefined || life === undefined) return;
    this.turns++;
    try {
      // What it tells itself meanwhile is for its next turn: others come in between.
      for (let left = Math.min(BATCH, this.#mailbox.size); left > 0; left--) {
        const message = this.#mailbox.shift();
        if (message === undefined) break;
        actor.receive(message);
        if (this.#life !== life) return;
      }
      if (this.#mailbox.size === 0) actor.idle?.();
      else this.#wake();
    } catch (error) {
      this.#end(life, { kind: "crash", error });
    }
  }

  #wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    schedule(this);
  }

  #end(life: Life<M>, exit: Exit): void {
    if (life !== this.#life) return;
    const actor = this.#actor;
    this.#life = undefined;
    this.#actor = undefined;
    const keeps = this.#keepsMail && exit.kind === "crash";
    try {
      actor?.stopped?.(exit, keeps ? new Mailbox(0) : this.#mailbox);
    } catch (error) {
      // A fault while cleaning up must neither hide the first one nor stop what follows here.
      if (exit.kind !== "crash") exit = { kind: "crash", error };
    }
    life.release();
    if (!keeps) this.bury();
    this.#watcher.exited(this.name, exit);
  }
}

/** One life: what the actor holds of itself. */
class Life<M> implements Self<M> {
  #deferred: (() => void)[] | undefined;

  constructor(readonly cell: Cell<M>) {}

  get name(): string {
    return this.cell.name;
  }

  get waiting(): number {
    return this.cell.mailbox.size;
  }

  tell(message: M): boolean {
    return this.cell.tell(message);
  }

  turn(work: () => void): void {
    this.cell.turn(this, work);
  }

  stop(): void {
    this.cell.done(this);
  }

  defer(release: () => void): void {
    // Most lives defer once or twice: this array fits, where `push` makes room for seventeen.
    this.#deferred = this.#deferred ? [...this.#deferred, release] : [release];
  }

  /** Newest first, and each whatever the others do. */
  release(): void {
    const deferred = this.#deferred;
    this.#deferred = undefined;
    for (const release of deferred?.reverse() ?? []) {
      try {
        release();
      } catch (error) {
        reportError(error);
      }
    }
  }
}
