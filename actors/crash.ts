import type { Self } from "./actor.ts";

/** Crashes an actor by an error that came outside its turns, such as a rejection. */
export function crash(self: Pick<Self<unknown>, "turn">, error: unknown): void {
  self.turn(() => {
    throw error;
  });
}
