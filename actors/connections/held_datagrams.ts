import type { Holder, Ledger } from "../space/ledger.ts";

interface HeldDatagram {
  readonly batch: number;
  readonly bytes: Uint8Array;
  readonly to: string;
}

/** Whoever sends datagrams that may have to wait. */
export interface Sender {
  transmit(bytes: Uint8Array, to: string): void;
  /** What is to be said in place of a datagram that is void, if anything. */
  instead(bytes: Uint8Array, to: string): Uint8Array | undefined;
}

/** Datagrams that leave once the batch that they depend on is safe. */
export class HeldDatagrams implements Holder {
  #waiting: HeldDatagram[] = [];

  constructor(readonly sender: Sender) {}

  /** True while later datagrams must wait behind others. */
  get isHolding(): boolean {
    return this.#waiting.length > 0;
  }

  get size(): number {
    return this.#waiting.length;
  }

  push(bytes: Uint8Array, to: string, ledger: Ledger): void {
    if (!this.isHolding) ledger.hold(this);
    const batch = ledger.dirty ? ledger.batch : this.#waiting.at(-1)!.batch;
    this.#waiting.push({ batch, bytes, to });
  }

  committed(batch: number): boolean {
    const left = this.#waiting.findIndex((each) => each.batch > batch);
    const ready = left < 0 ? this.#waiting : this.#waiting.slice(0, left);
    this.#waiting = left < 0 ? [] : this.#waiting.slice(left);
    for (const { bytes, to } of ready) this.sender.transmit(bytes, to);
    return left < 0;
  }

  unstored(): void {
    const ready = this.#waiting;
    this.#waiting = [];
    for (const { bytes, to } of ready) {
      const said = this.sender.instead(bytes, to);
      if (said !== undefined) this.sender.transmit(said, to);
    }
  }
}
