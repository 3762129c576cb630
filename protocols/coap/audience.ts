import type { Answer } from "./answer.ts";

/** An observer of a topic, as others see it. What they ask of it happens in a turn of its own. */
export interface Listener {
  /** Ends it with this answer, as the last that it hears. */
  dismiss(answer: Answer): void;
  /** From now on asks for an acknowledgement each so often. */
  probeEvery(ms: number): void;
}

/** Who observes which topic, whatever socket they came in through: the gateway has one of these. */
export class Audiences {
  readonly #audiences = new Map<string, Set<Listener>>();

  /** How many observe a topic; filters that select it are not counted. */
  sizeOf(topic: string): number {
    return this.#audiences.get(topic)?.size ?? 0;
  }

  /** Those who observe a topic, the oldest first. */
  of(topic: string): Iterable<Listener> {
    return this.#audiences.get(topic) ?? [];
  }

  join(topic: string, listener: Listener): void {
    const audience = this.#audiences.get(topic);
    if (audience === undefined) this.#audiences.set(topic, new Set([listener]));
    else audience.add(listener);
  }

  leave(topic: string, listener: Listener): void {
    const audience = this.#audiences.get(topic);
    if (audience?.delete(listener) && audience.size === 0) this.#audiences.delete(topic);
  }

  /** Dismisses those who came last, until `most` are left. */
  limit(topic: string, most: number, answer: Answer): void {
    for (const [place, listener] of [...this.of(topic)].entries()) {
      if (place >= most) listener.dismiss(answer);
    }
  }
}
