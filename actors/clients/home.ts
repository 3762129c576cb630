import { systemClock } from "../clock.ts";
import { Log } from "../log.ts";
import { Space } from "../space/space.ts";
import { Supervisor } from "../supervisor.ts";

/** Where clients live that belong to no gateway. */
interface Home {
  readonly log: Log;
  readonly space: Space;
  readonly supervisor: Supervisor;
}

let shared: Home | undefined;

/** The one home of all clients of this process: they may be used without any gateway. */
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
