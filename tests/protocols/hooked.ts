import { HookChain, hookDefaults } from "../../actors/hooks/hook_chain.ts";
import { HookGuard } from "../../actors/hooks/hook_guard.ts";
import type { Hooks } from "../../actors/hooks/hooks.ts";
import { Log } from "../../actors/log.ts";
import type { Grant } from "../../protocols/grant.ts";
import { type Identity, Refusal } from "../../protocols/identity.ts";
import { Publication } from "../../protocols/publication.ts";
import type { Inbox } from "../../protocols/session.ts";
import { FakeClock, settle } from "../actors/fakes.ts";

/** Hooks as a session asks them, and what they logged. */
export class Hooked {
  readonly clock = new FakeClock();
  readonly lines: string[] = [];
  readonly guard: HookGuard;
  readonly chain: HookChain;
  dropped = 0;

  constructor(inbox: Inbox, ...sets: Hooks[]) {
    const log = new Log({ sink: (line) => this.lines.push(line) });
    const chain = this.chain = new HookChain(log, this.clock, hookDefaults);
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

/** What a login stands on, until it is revoked. */
export class FakeGrant implements Grant {
  readonly #watching = new Set<() => void>();
  holds = true;

  /** How many wait for its end. */
  get size(): number {
    return this.#watching.size;
  }

  check(decided: (holds: boolean) => void): void {
    decided(this.holds);
  }

  watch(revoked: () => void): () => void {
    if (!this.holds) revoked();
    this.#watching.add(revoked);
    return () => void this.#watching.delete(revoked);
  }

  revoke(): void {
    this.holds = false;
    for (const each of this.#watching) each();
  }
}

/** A mailbox that runs what is posted when it is told to. */
export class Mail {
  readonly name = "mail";
  readonly posted: (() => void)[] = [];
  hasRoom = true;

  deliver(): boolean {
    return false;
  }

  post(work: unknown): boolean {
    if (this.hasRoom) this.posted.push(work as () => void);
    return this.hasRoom;
  }

  turn(): void {
    for (const work of this.posted.splice(0)) work();
  }
}

/** What hooks answered, in a line. */
export function said(answer: Identity | Refusal | Publication | undefined): string {
  if (answer === undefined) return "yes";
  if (answer instanceof Refusal) return `${answer.kind}: ${answer.reason}`;
  return answer instanceof Publication ? `${answer.topic} ${answer.text()}` : `${answer.user}`;
}
