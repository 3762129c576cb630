import type { Hub, Timed } from "../protocols/session.ts";
import type { Behaviour } from "./actor.ts";
import { Member } from "./member.ts";
import type { Space } from "./space.ts";

/** Often enough: sessions expire, and wills are delayed, by whole seconds. */
const INTERVAL_MS = 1_000;

/**
 * Ticks each shared service whose deadline has come. They outlive every connection, so no
 * connection could do it.
 */
export function clockwork(space: Space): Behaviour<never> {
  return (self) => {
    const inbox = { name: self.name, deliver: () => false, post: () => false };
    const hub: Hub = new Member(space, inbox);
    let cancel = () => {};
    const tick = () => {
      const now = space.clock.now();
      for (const service of space.services) {
        if (isTimed(service) && service.deadline <= now) service.tick(now, hub);
      }
    };
    const arm = () => {
      cancel = space.clock.after(INTERVAL_MS, () => {
        arm();
        self.turn(tick);
      });
    };
    self.defer(() => cancel());
    arm();
    return { receive() {} };
  };
}

function isTimed(service: unknown): service is Timed {
  return typeof (service as Partial<Timed>).tick === "function";
}
