import type { Due } from "../../deadlines.ts";
import type { Decided } from "../../guard.ts";
import type { MessageLayer } from "../exchange/layer.ts";
import { type Answer, refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import type { Changed, Changes } from "../observe/changes.ts";
import type { Observation } from "../observe/observation.ts";
import type { Resource } from "./resources.ts";

/** One observer's watch on a handler's resource: asks the handler again whenever that changes. */
export class Watch implements Changed, Due {
  dueAt = Infinity;
  place = -1;
  /** Undefined before the first answer, and after the last. */
  #observation: Observation | undefined;
  #isListed = false;
  #isAsking = false;
  /** True when the resource has changed since the handler was asked. */
  #isStale = false;

  constructor(
    readonly resource: Resource,
    readonly session: { readonly changes: Changes; readonly layer: MessageLayer },
    /** Asks the handler for the present state. */
    readonly ask: (decided: Decided<Answer>, now: number) => void,
  ) {}

  /** True while an observer is notified of changes. */
  get isOn(): boolean {
    return this.#observation !== undefined;
  }

  /** Begins to note changes. To be called before the handler is asked the first time. */
  wait(): void {
    this.resource.watches.add(this);
  }

  begin(observation: Observation): void {
    this.#observation = observation;
    if (this.#isStale) this.changed();
  }

  stop(): void {
    this.#observation = undefined;
    this.resource.watches.delete(this);
    this.session.layer.deadlines.delete(this);
  }

  /** The resource has changed. May be called from any actor. */
  changed(): void {
    this.#isStale = true;
    if (this.#isListed || this.#isAsking || this.#observation === undefined) return;
    this.#isListed = true;
    this.session.changes.add(this);
  }

  /** Ends the observation with a last notification. */
  end(answer: Answer): void {
    const observation = this.#observation;
    this.#observation = undefined;
    observation?.dismiss(answer);
  }

  flush(now: number): boolean {
    this.#isListed = false;
    if (this.#observation === undefined) return true;
    const { deadlines, limits } = this.session.layer;
    this.#isStale = false;
    this.#isAsking = true;
    deadlines.set(this, now + limits.maxAnswerMs);
    this.ask((answer) => {
      this.#isAsking = false;
      deadlines.delete(this);
      this.#observation?.show(answer);
      if (this.#isStale) this.changed();
    }, now);
    return true;
  }

  due(): void {
    this.end(refusal(Code.gatewayTimeout, "The handler of this path says no more"));
  }
}
