/**
 * Why an actor stopped: it stopped itself (`done`), it was stopped from outside (`shutdown`), or it
 * threw `error` (`crash`).
 *
 * @example An actor that stops itself is done
 * ```ts
 * import { type Exit, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const exit = await new Promise<Exit>((stopped) => {
 *   hub.spawn("once", (self) => ({ receive: () => self.stop(), stopped })).tell("go");
 * });
 * assert.deepEqual(exit, { kind: "done" });
 * ```
 */
export type Exit =
  | { kind: "done" }
  | { kind: "shutdown" }
  | { kind: "crash"; error: unknown };

/**
 * Messages that an actor had not read when it stopped, oldest first.
 *
 * @example Saving what was not read
 * ```ts
 * import { gateway, type Unread } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const saved = await new Promise((save) => {
 *   const ref = hub.spawn<string>("writer", (self) => ({
 *     receive: () => self.stop(),
 *     stopped: (_exit, unread: Unread<string>) => save(unread.shift()),
 *   }));
 *   ref.tell("stop");
 *   ref.tell("last words");
 * });
 * assert.equal(saved, "last words");
 * ```
 */
export interface Unread<M> {
  /** Takes the oldest message out; undefined when none is left. */
  shift(): M | undefined;
}

/**
 * An actor: state, and the only code that may touch it. Every method is synchronous, and no two run
 * at once. What a method throws crashes this actor and nothing else.
 *
 * @example An actor that hands over a burst at once
 * ```ts
 * import { type Actor, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * class Batch implements Actor<string> {
 *   #lines: string[] = [];
 *   constructor(readonly flush: (lines: string[]) => void) {}
 *   receive(line: string): void {
 *     this.#lines.push(line);
 *   }
 *   idle(): void {
 *     this.flush(this.#lines.splice(0));
 *   }
 * }
 *
 * await using hub = gateway();
 * const lines = await new Promise<string[]>((flush) => {
 *   const batch = hub.spawn("batch", () => new Batch(flush));
 *   for (const line of ["one", "two"]) batch.tell(line);
 * });
 * assert.deepEqual(lines, ["one", "two"]);
 * ```
 */
export interface Actor<M> {
  /** Handles one message. */
  receive(message: M): void;
  /** Called when the mailbox has run dry: the place to hand on what a burst has accumulated. */
  idle?(): void;
  /**
   * Releases what this actor owns. Called once, whatever the reason. `unread` holds the messages
   * that no later life will read: take out what must not be lost.
   */
  stopped?(exit: Exit, unread: Unread<M>): void;
  /** What `Gateway.tree` shows of this actor as its `detail`. */
  describe?(): Record<string, unknown>;
}

/**
 * A recipe for an actor. It is called for the first life and again for each restart: the new life
 * has new state, and reads the mail that is left.
 *
 * @example State belongs inside: each life begins with its own
 * ```ts
 * import { type Behaviour, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function adder(report: (sum: number) => void): Behaviour<number> {
 *   return () => {
 *     let sum = 0;
 *     return { receive: (number) => report(sum += number) };
 *   };
 * }
 *
 * await using hub = gateway();
 * const sum = await new Promise((report) => hub.spawn("adder", adder(report)).tell(42));
 * assert.equal(sum, 42);
 * ```
 */
export type Behaviour<M> = (self: Self<M>) => Actor<M>;

/**
 * The address of an actor, which is all that others hold of it. It stays the same over restarts.
 *
 * @example A full mailbox answers false
 * ```ts
 * import { gateway, type Ref } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const ref: Ref<number> = hub.spawn("small", () => ({ receive() {} }), { mailbox: 2 });
 * assert.deepEqual([1, 2, 3].map((each) => ref.tell(each)), [true, true, false]);
 * ```
 */
export interface Ref<M> {
  /** What it was spawned as: unique among its siblings. */
  readonly name: string;
  /** Queues a message. False when the mailbox is full or the actor is gone: the sender decides. */
  tell(message: M): boolean;
}

/**
 * One life of an actor, as its behaviour gets it. Once that life is over, `turn` and `stop` do
 * nothing, so a forgotten timer cannot disturb the next life.
 *
 * @example A timer that ends with the actor
 * ```ts
 * import { gateway, type Self } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function soon(self: Self<unknown>, work: () => void): void {
 *   const timer = setTimeout(() => self.turn(work), 1);
 *   self.defer(() => clearTimeout(timer));
 * }
 *
 * await using hub = gateway();
 * const name = await new Promise((resolve) => {
 *   hub.spawn("timer", (self) => {
 *     soon(self, () => resolve(self.name));
 *     return { receive() {} };
 *   });
 * });
 * assert.equal(name, "timer");
 * ```
 */
export interface Self<M> extends Ref<M> {
  /** Messages waiting. */
  readonly waiting: number;
  /** Runs `work` as one turn: a throw crashes this actor and nothing else. */
  turn(work: () => void): void;
  /** Ends this actor: it is done. */
  stop(): void;
  /** Runs `release` when this life ends, also when the behaviour throws while it is being built. */
  defer(release: () => void): void;
}
