import { HookChain, hookDefaults } from "../../actors/hook_chain.ts";
import { HookGuard } from "../../actors/hook_guard.ts";
import type { Hooks } from "../../actors/hooks.ts";
import { Log } from "../../actors/log.ts";
import type { Inbox } from "../../protocols/session.ts";
import { FakeClock, settle } from "../actors/fakes.ts";

/** Hooks as a session asks them, and what they logged. */
export class Hooked {
  readonly clock = new FakeClock();
  readonly lines: string[] = [];
  readonly guard: HookGuard;
  dropped = 0;

  constructor(inbox: Inbox, ...sets: Hooks[]) {
    const log = new Log({ sink: (line) => this.lines.push(line) });
    const chain = new HookChain(log, this.clock, hookDefaults);
    for (const hooks of sets) chain.add(hooks);
    this.guard = new HookGuard(chain, inbox, () => this.dropped++);
  }
}

/** A stage on which hooks are asked. */
export function hook<S extends Inbox & { guard: unknown }>(stage: S, ...sets: Hooks[]): Hooked {
  const hooked = new Hooked(stage, ...sets);
  stage.guard = hooked.guard;
  return hooked;
}

/** An answer that is given later. */
export class Answer<T> {
  readonly #resolvers = Promise.withResolvers<T>();

  get promise(): Promise<T> {
    return this.#resolvers.promise;
  }

  /** Gives it, and lets the turns run that it causes. */
  async give(value: T, stage: { turn(): void }): Promise<void> {
    this.#resolvers.resolve(value);
    await settle();
    stage.turn();
  }
}
