import { createHash } from "node:crypto";

/** The limits of what is remembered of messages sent to an upstream of MQTT 3.1.1. */
export const defaults = {
  /**
   * Milliseconds that an echo may take: an upstream that is slower than this is as good as gone.
   */
  windowMs: 30_000,
  /** Messages remembered, about 150 bytes each. */
  maxMessages: 20_000,
};

interface Sent {
  times: number;
  until: number;
}

/**
 * What an upstream of MQTT 3.1.1 will send back to us, because we subscribe to it, too: that
 * version has no way to say whose a message is.
 */
export class Echoes {
  readonly #sent = new Map<string, Sent>();

  /** A message goes to the upstream, and will come back once. */
  expect(topic: string, payload: Uint8Array, now: number): void {
    const key = keyOf(topic, payload);
    const times = this.#sent.get(key)?.times ?? 0;
    // Deleted first, so that the oldest come first.
    this.#sent.delete(key);
    this.#sent.set(key, { times: times + 1, until: now + defaults.windowMs });
    for (const [oldest, { until }] of this.#sent) {
      if (until > now && this.#sent.size <= defaults.maxMessages) break;
      this.#sent.delete(oldest);
    }
  }

  /** True when a message from the upstream is one of ours, once for each time it was sent. */
  returned(topic: string, payload: Uint8Array, now: number): boolean {
    if (this.#sent.size === 0) return false;
    const key = keyOf(topic, payload);
    const found = this.#sent.get(key);
    if (found === undefined || found.until <= now) return false;
    if (--found.times === 0) this.#sent.delete(key);
    return true;
  }

  clear(): void {
    this.#sent.clear();
  }
}

/** The limits of messages from one 3.1.1 upstream to another. */
export const passLimits = {
  /** A message that passes more often than this within the window is taken to go round. */
  times: 8,
  /** Milliseconds after which counting begins anew: a circle takes some milliseconds a round. */
  windowMs: 1_000,
  /** Messages counted, about 100 bytes each; with one more, counting begins anew. */
  maxMessages: 10_000,
};

/** Stops messages that go round by way of upstreams that cannot carry a trail. */
export class Passes {
  #seen = new Map<string, number>();
  #since = 0;

  /** False when the message has passed too often. */
  pass(topic: string, payload: Uint8Array, now: number): boolean {
    if (now - this.#since > passLimits.windowMs || this.#seen.size >= passLimits.maxMessages) {
      this.#seen = new Map();
      this.#since = now;
    }
    const key = keyOf(topic, payload);
    const times = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, times);
    return times <= passLimits.times;
  }
}

function keyOf(topic: string, payload: Uint8Array): string {
  return createHash("sha1").update(`${topic}\0`).update(payload).digest("base64");
}
