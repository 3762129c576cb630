import type { Self } from "./actor.ts";
import type { Clock } from "./clock.ts";

/** Runs `work` as a turn of `self` at each interval, as long as that life lasts. */
export function repeat(
  self: Pick<Self<unknown>, "turn" | "defer">,
  { clock, intervalMs }: { clock: Clock; intervalMs: number },
  work: () => void,
): void {
  let cancel = () => {};
  const arm = () => {
    cancel = clock.after(intervalMs, () => {
      // Before the turn: should that crash, the end of this life cancels the timer.
      arm();
      self.turn(work);
    });
  };
  self.defer(() => cancel());
  arm();
}
