import type { Hub, Timed } from "../protocols/session.ts";
import type { Behaviour } from "./actor.ts";
import { Member } from "./member.ts";
import type { Space } from "./space.ts";

/** Deadlines of shared state are in seconds: sessions that expire, wills that are delayed. */
const INTERVAL_MS = 1_000;

/** Ticks the shared state whose time has come: nobody else lives as long as it does. */
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
