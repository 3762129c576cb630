import type { Due } from "../../deadlines.ts";
import type { Decided } from "../../guard.ts";
import { type Answer, refusal } from "../answer.ts";
import type { Changed, Changes } from "../changes.ts";
import { Code } from "../codec.ts";
import type { MessageLayer } from "../layer.ts";
import type { Observation } from "../observation.ts";
import type { Resource } from "./resources.ts";

/** What observes a resource of the application: has its handler asked again whenever it changes. */
export class Watch implements Changed, Due {
  dueAt = Infinity;
  place = -1;
  /** Undefined before the first answer, and behind the last. */
  #observation: Observation | undefined;
  #isListed = false;
  #isAsking = false;
  /** True when what was asked for may be old already. */
  #isStale = false;

  constructor(
    readonly resource: Resource,
    readonly session: { readonly changes: Changes; readonly layer: MessageLayer },
    /** Asks the handler what there is. */
    readonly ask: (decided: Decided<Answer>, now: number) => void,
  ) {}

  /** True while somebody is told of changes. */
  get isOn(): boolean {
    return this.#observation !== undefined;
  }

  /** Before the handler is asked for what comes first: a change behind that is one to tell of. */
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

  /** Called from any turn: the session is told. */
  changed(): void {
    this.#isStale = true;
    if (this.#isListed || this.#isAsking || this.#observation === undefined) return;
    this.#isListed = true;
    this.session.changes.add(this);
  }

  /** The last that the observer hears, whatever the handler says yet. */
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
