import type { Decided } from "../guard.ts";
import type { Answer } from "./answer.ts";
import type { Shape } from "./blockwise.ts";
import type { Changed, Changes } from "./changes.ts";
import type { Observation } from "./observation.ts";
import type { Resource } from "./resources.ts";

/** What observes a resource of the application: has its handler asked again whenever it changes. */
export class Watch implements Changed {
  /** Undefined before the first answer, and behind the last. */
  #observation: Observation | undefined;
  #isListed = false;
  #isAsking = false;
  /** True when what was asked for may be old already. */
  #isStale = false;

  constructor(
    readonly resource: Resource,
    readonly changes: Changes,
    /** How what observers are told is cut. */
    readonly shape: Shape,
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
  }

  /** Called from any turn: the session is told. */
  changed(): void {
    this.#isStale = true;
    if (this.#isListed || this.#isAsking || this.#observation === undefined) return;
    this.#isListed = true;
    this.changes.add(this);
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
    this.#isStale = false;
    this.#isAsking = true;
    this.ask((answer) => {
      this.#isAsking = false;
      this.#observation?.show(answer);
      if (this.#isStale) this.changed();
    }, now);
    return true;
  }
}
