import type { WrittenQueue } from "../space/ledger.ts";

/** Packet identifiers of messages of QoS 2 that were taken here, and not released by the upstream. */
export class BridgeIds {
  readonly #ids: Set<number>;
  /** Goes up with each session at the upstream: what an earlier one sent has no identifier any more. */
  session = 0;

  /** Without `written` they end with the process, as a clean session at the upstream does. */
  constructor(readonly written: WrittenQueue | undefined) {
    this.#ids = new Set(written?.ids);
  }

  get all(): readonly number[] {
    return [...this.#ids];
  }

  /** One that came in the session of this number. */
  add(id: number, session: number): void {
    if (session !== this.session) return;
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
    this.session++;
    for (const id of this.#ids) this.release(id);
  }
}
