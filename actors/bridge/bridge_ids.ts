import type { WrittenQueue } from "../ledger.ts";

/** Packet identifiers of messages of QoS 2 that were taken here, and not released by the upstream. */
export class BridgeIds {
  readonly #ids: Set<number>;

  /** Without `written` they end with the process, as a clean session at the upstream does. */
  constructor(readonly written: WrittenQueue | undefined) {
    this.#ids = new Set(written?.ids);
  }

  get all(): readonly number[] {
    return [...this.#ids];
  }

  add(id: number): void {
    this.#ids.add(id);
    this.written?.journal.saveId(this.written.key, id);
  }

  /** The upstream may use it for another message, once that is safe. */
  release(id: number): void {
    const { written } = this;
    if (this.#ids.delete(id)) written?.journal.endId(written.key, id);
    else written?.journal.touch();
  }

  /** The upstream knows nothing of the session any more. */
  clear(): void {
    for (const id of this.#ids) this.release(id);
  }
}
