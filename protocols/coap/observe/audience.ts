import type { Answer } from "../messages/answer.ts";

/** An observer of a topic, as other sessions see it. What they ask for happens in its own turn. */
export interface Listener {
  /** Ends the observation, with this answer as the last notification. */
  dismiss(answer: Answer): void;
  /** Asks for an acknowledgement at least this often, from now on. */
  probeEvery(ms: number): void;
}

/** The observers of each topic, through whatever sockets. A gateway has one of these. */
export class Audiences {
  readonly #audiences = new Map<string, Set<Listener>>();

  /** How many observe a topic by its name. Filters that select it do not count. */
  sizeOf(topic: string): number {
    return this.#audiences.get(topic)?.size ?? 0;
  }

  /** The observers of a topic, the first to come first. */
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

  /** Dismisses those who came last, so that `most` are left. */
  limit(topic: string, most: number, answer: Answer): void {
    for (const [place, listener] of [...this.of(topic)].entries()) {
      if (place >= most) listener.dismiss(answer);
    }
  }
}
