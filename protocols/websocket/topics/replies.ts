import type { MessageProperties } from "../../publication.ts";
import { replyTopic } from "../../reply_topic.ts";
import type { Hub } from "../../session.ts";

/** A request that waits for a reply. */
interface Pending {
  readonly id: string | number;
  readonly waitMs: number;
  readonly dueMs: number;
}

const encoder = new TextEncoder();

/** The requests of one client that wait for a reply, each on a response topic of its own. */
export class Replies {
  readonly #hub: Hub;
  /** Response topics of this client are below this topic; undefined before its first request. */
  #base: string | undefined;
  #sequence = 0;
  readonly #pending = new Map<string, Pending>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** When the next request is due; Infinity when none waits. */
  get deadline(): number {
    let first = Infinity;
    for (const { dueMs } of this.#pending.values()) first = Math.min(first, dueMs);
    return first;
  }

  /** Begins to wait. The result are properties that say where to reply (MQTT 5.0 §4.10). */
  expect(id: string | number, waitMs: number, now: number): MessageProperties {
    if (this.#base === undefined) {
      this.#base = replyTopic();
      this.#hub.subscribe(`${this.#base}/+`, { qos: 1 });
    }
    const responseTopic = replyTopic(this.#base);
    this.#pending.set(responseTopic, { id, waitMs, dueMs: now + waitMs });
    return { responseTopic, correlationData: encoder.encode(`${++this.#sequence}`) };
  }

  /** True for a response topic of this client. */
  owns(topic: string): boolean {
    return this.#base !== undefined && topic.startsWith(`${this.#base}/`);
  }

  /** Ends the wait for the reply on `topic`; undefined when none is awaited there any more. */
  take(topic: string): Pending | undefined {
    const found = this.#pending.get(topic);
    this.#pending.delete(topic);
    return found;
  }

  /** Ends the wait of all requests that are due, and returns them. */
  expire(now: number): Pending[] {
    const expired: Pending[] = [];
    for (const [topic, pending] of this.#pending) {
      if (pending.dueMs > now) continue;
      this.#pending.delete(topic);
      expired.push(pending);
    }
    return expired;
  }
}
