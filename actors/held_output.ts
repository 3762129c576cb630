import type { Holder, Ledger } from "./ledger.ts";

interface Segment {
  readonly batch: number;
  readonly pieces: Uint8Array[];
}

/** What a connection says once the batch that it depends on is safe, in order. */
export class HeldOutput implements Holder {
  readonly #segments: Segment[] = [];
  size = 0;

  constructor(
    readonly ledger: Ledger,
    readonly release: (bytes: Uint8Array) => void,
    /** Everything has been said, or nothing will be. */
    readonly done: (isSafe: boolean) => void,
  ) {
    ledger.hold(this);
  }

  /** Keeps a copy of `bytes` back. */
  push(bytes: Uint8Array): void {
    const { ledger: { dirty, batch } } = this, last = this.#segments.at(-1);
    if (last !== undefined && (!dirty || last.batch === batch)) last.pieces.push(bytes.slice());
    else this.#segments.push({ batch, pieces: [bytes.slice()] });
    this.size += bytes.length;
  }

  committed(batch: number): boolean {
    while (this.#segments.length > 0 && this.#segments[0]!.batch <= batch) {
      for (const bytes of this.#segments.shift()!.pieces) {
        this.size -= bytes.length;
        this.release(bytes);
      }
    }
    if (this.#segments.length > 0) return false;
    this.done(true);
    return true;
  }

  unstored(): void {
    this.done(false);
  }
}
