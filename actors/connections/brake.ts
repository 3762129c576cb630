import type { Gate, Publisher } from "../../protocols/session.ts";

/**
 * The reasons for which a connection reads nothing at the moment: its session asked it not to, or
 * receivers of what it published are behind.
 */
export class Brake implements Publisher {
  /** True while the session itself wants no input. */
  asked = false;
  #gates: Set<Gate> | undefined;

  constructor(readonly driver: { released(): void }) {}

  get on(): boolean {
    return this.asked || this.#gates !== undefined;
  }

  hold(gate: Gate): void {
    (this.#gates ??= new Set()).add(gate);
  }

  release(gate: Gate): void {
    this.#gates?.delete(gate);
    if (this.#gates === undefined || this.#gates.size > 0) return;
    this.#gates = undefined;
    this.driver.released();
  }
}
