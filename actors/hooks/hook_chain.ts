import { Refusal } from "../../protocols/identity.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Hooks } from "./hooks.ts";

/**
 * How long hooks may keep clients waiting.
 *
 * @example A database that does not answer
 * ```ts
 * import { gateway, type HookLimits, type Hooks, http, Log, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const limits: HookLimits = { hookTimeoutMs: 10 };
 * const hooks: Hooks = { authorize: () => new Promise<boolean>(() => {}) };
 * await using hub = gateway({ limits, hooks, log: new Log({ level: "silent" }) });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}/topics/lamp`;
 * const answer = await fetch(url, { method: "PUT", body: "on" });
 * assert.match(await answer.text(), /cannot be decided at the moment/);
 * assert.equal(answer.status, 503);
 * ```
 */
export interface HookLimits {
  /**
   * Milliseconds after which a hook that has not answered refuses as "unavailable"; default 10,000.
   */
  hookTimeoutMs: number;
}

/** 10 s: clients hardly wait any longer for an answer. */
export const hookDefaults: HookLimits = { hookTimeoutMs: 10_000 };

/** Something that the sets of hooks are asked one after the other, until one of them decides. */
export interface Question<T> {
  readonly hook: keyof Hooks;
  /** Asks one set. */
  ask(hooks: Hooks): unknown;
  /** What an answer means; undefined when the next set is to be asked. */
  judge(answer: unknown): T | Refusal | undefined;
  /** What holds when no set has decided. */
  none(): T | Refusal;
}

/** Whoever waits for an answer. */
export interface Asker<T> {
  /** Runs `work`, which uses an answer that came late, in a turn of the asker's own. */
  later(work: () => void): void;
  /** Called once, within `ask` or within the work that `later` got. */
  decided(answer: T | Refusal): void;
}

/** How far a question has come. */
interface Round {
  /** The number of the set that is asked next. */
  readonly next: number;
  readonly sets: readonly Hooks[];
  readonly revision: number;
}

const UNAVAILABLE = new Refusal("This cannot be decided at the moment", "unavailable");

/** All sets of hooks of a gateway, in the order in which they are asked. */
export class HookChain {
  #sets: readonly Hooks[] = [];
  #revision = 0;
  #authorizes = false;
  readonly #pending = new Set<() => void>();

  constructor(readonly log: Log, readonly clock: Clock, readonly limits: HookLimits) {}

  /** Asks `hooks` too, after all others, until the returned function is called. */
  add(hooks: Hooks): () => void {
    this.#change([...this.#sets, hooks], hooks);
    return () => this.#change(this.#sets.filter((each) => each !== hooks), hooks);
  }

  /** Changes whenever an `authorize` hook comes or goes: what was allowed may not be any more. */
  get revision(): number {
    return this.#revision;
  }

  /** True when any set has an `authorize` hook. */
  get authorizes(): boolean {
    return this.#authorizes;
  }

  /** True when any set has this hook. */
  has(hook: keyof Hooks): boolean {
    for (const set of this.#sets) if (set[hook] !== undefined) return true;
    return false;
  }

  /** Asks all sets. What may be done is asked anew when others say so before the last has answered. */
  ask<T>(question: Question<T>, asker: Asker<T>): void {
    this.#ask(question, asker, { next: 0, sets: this.#sets, revision: this.#revision });
  }

  #ask<T>(question: Question<T>, asker: Asker<T>, round: Round): void {
    const { sets } = round;
    for (let i = round.next; i < sets.length; i++) {
      let end: T | Refusal | undefined;
      try {
        const answer = question.ask(sets[i]!);
        if (isLater(answer)) {
          return this.#wait(answer, question, asker, { ...round, next: i + 1 });
        }
        end = question.judge(answer);
      } catch (error) {
        end = this.#failed(question.hook, error);
      }
      if (end !== undefined) return asker.decided(end);
    }
    asker.decided(question.none());
  }

  /** True when no set says no, or fails. */
  allows(hook: keyof Hooks, ask: (hooks: Hooks) => boolean | undefined): boolean {
    try {
      return this.#sets.every((set) => ask(set) !== false);
    } catch (error) {
      this.#failed(hook, error);
      return false;
    }
  }

  /** Tells every set of something that has happened. */
  tell(hook: keyof Hooks, tell: (hooks: Hooks) => unknown): void {
    for (const set of this.#sets) {
      try {
        const answer = tell(set);
        if (isLater(answer)) answer.then(undefined, (error) => this.#failed(hook, error));
      } catch (error) {
        this.#failed(hook, error);
      }
    }
  }

  /** Runs `work` after `ms`, unless this chain stops first. The returned function cancels it. */
  after(ms: number, work: () => void): () => void {
    const cancel = this.clock.after(ms, () => {
      this.#pending.delete(cancel);
      work();
    });
    return this.until(cancel);
  }

  /** Has `cease` called once: when this chain stops, or by the returned function. */
  until(cease: () => void): () => void {
    this.#pending.add(cease);
    return () => {
      if (this.#pending.delete(cease)) cease();
    };
  }

  /** Forgets whoever still waits for an answer: the gateway has stopped. */
  stop(): void {
    for (const cancel of this.#pending) cancel();
    this.#pending.clear();
  }

  #change(sets: readonly Hooks[], { authorize }: Hooks): void {
    this.#sets = sets;
    if (authorize === undefined) return;
    this.#revision++;
    this.#authorizes = this.has("authorize");
  }

  #wait<T>(
    answer: PromiseLike<unknown>,
    question: Question<T>,
    asker: Asker<T>,
    round: Round,
  ): void {
    const { hookTimeoutMs } = this.limits;
    const settle = (judge: () => T | Refusal | undefined) => {
      // The first of answer and timeout counts.
      if (!this.#pending.delete(cancel)) return;
      cancel();
      asker.later(() => {
        const end = judge();
        if (question.hook === "authorize" && round.revision !== this.#revision) {
          this.ask(question, asker);
        } else if (end !== undefined) asker.decided(end);
        else this.#ask(question, asker, round);
      });
    };
    const fail = (error: unknown) => settle(() => this.#failed(question.hook, error));
    const cancel = this.clock.after(
      hookTimeoutMs,
      () => fail(new Error(`No answer came within ${hookTimeoutMs} ms`)),
    );
    this.#pending.add(cancel);
    answer.then((value) =>
      settle(() => {
        try {
          return question.judge(value);
        } catch (error) {
          return this.#failed(question.hook, error);
        }
      }), fail);
  }

  #failed(hook: keyof Hooks, error: unknown): Refusal {
    this.log.error("hook failed", { hook, error });
    return UNAVAILABLE;
  }
}

function isLater(answer: unknown): answer is PromiseLike<unknown> {
  return typeof (answer as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
}
