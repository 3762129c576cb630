import type { Timed } from "../../protocols/session.ts";
import type { Behaviour } from "../actor.ts";
import { repeat } from "../repeat.ts";
import { insider } from "../space/member.ts";
import type { Space } from "../space/space.ts";

/** Often enough: sessions expire, and wills are delayed, by whole seconds. */
const INTERVAL_MS = 1_000;

/**
 * Ticks each shared service whose deadline has come. They outlive every connection, so no
 * connection could do it.
 */
export function clockwork(space: Space): Behaviour<never> {
  return (self) => {
    const hub = insider(space, self.name);
    repeat(self, { clock: space.clock, intervalMs: INTERVAL_MS }, () => {
      const now = space.clock.now();
      for (const service of space.services) {
        if (isTimed(service) && service.deadline <= now) service.tick(now, hub);
      }
    });
    return { receive() {} };
  };
}

function isTimed(service: unknown): service is Timed {
  return typeof (service as Partial<Timed>).tick === "function";
}
