import type { Holder, Ledger } from "../space/ledger.ts";
import { Outbox } from "./outbox.ts";

interface Part {
  readonly batch: number;
  readonly bytes: Outbox;
}

/** What a connection says once the batch that it depends on is safe, in order. */
export class HeldOutput implements Holder {
  readonly #parts: Part[] = [];
  size = 0;

  constructor(
    readonly ledger: Ledger,
    readonly release: (bytes: Uint8Array) => void,
    /** Everything has been said, or nothing will be: what would have come first is `unsaid`. */
    readonly done: (isSafe: boolean, unsaid?: Uint8Array) => void,
  ) {
    ledger.hold(this);
  }

  /** Keeps a copy of `bytes` back. */
  push(bytes: Uint8Array): void {
    const { ledger: { dirty, batch } } = this;
    let last = this.#parts.at(-1);
    if (last === undefined || (dirty && last.batch !== batch)) {
      this.#parts.push(last = { batch, bytes: new Outbox(Infinity) });
    }
    last.bytes.push(bytes);
    this.size += bytes.length;
  }

  committed(batch: number): boolean {
    while (this.#parts.length > 0 && this.#parts[0]!.batch <= batch) {
      const { bytes } = this.#parts.shift()!;
      this.size -= bytes.size;
      this.release(bytes.take());
      bytes.written();
    }
    if (this.#parts.length > 0) return false;
    this.done(true);
    return true;
  }

  unstored(): void {
    this.done(false, this.#parts[0]?.bytes.take());
  }
}
