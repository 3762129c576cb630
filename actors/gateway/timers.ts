import type { Space } from "../space/space.ts";
import type { Supervisor } from "../supervisor.ts";
import { clockwork } from "./clockwork.ts";
import { sysTopics } from "./sys.ts";

/** Starts what a gateway does at intervals. */
export function startTimers(
  root: Supervisor,
  space: Space,
  { sysIntervalMs: intervalMs = 0, version = "meerkat" }: {
    sysIntervalMs?: number;
    version?: string;
  },
): void {
  const options = { restart: "crash", kind: "timer" } as const;
  root.spawn("clockwork", clockwork(space), options);
  if (intervalMs > 0) root.spawn("sys", sysTopics(space, { intervalMs, version }), options);
}
