import { systemClock } from "../clock.ts";
import { Log } from "../log.ts";
import { Space } from "../space.ts";
import { Supervisor } from "../supervisor.ts";

/** Where clients live that belong to no gateway. */
export interface Home {
  readonly log: Log;
  readonly space: Space;
  readonly supervisor: Supervisor;
}

let shared: Home | undefined;

/** All clients of a process together: without a listener there is no gateway to belong to. */
export function home(): Home {
  if (shared !== undefined) return shared;
  const log = new Log();
  const crashed = (actor: string, error: unknown) => log.error("crash", { actor, error });
  return shared = {
    log,
    space: new Space({ clock: systemClock }),
    supervisor: new Supervisor("clients", { maxRestarts: Infinity, crashed }),
  };
}
