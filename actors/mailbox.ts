const FIRST_SLOTS = 8;
const NO_SLOTS: never[] = [];

/**
 * A bounded first-in first-out queue. Full is an answer, not an error.
 *
 * It starts small and doubles as it fills, so that a thousand idle actors cost little;
 * once it has run dry it is small again.
 */
export class Mailbox<M> {
  #slots: (M | undefined)[] = NO_SLOTS;
  #head = 0;
  #size = 0;
  #highWater = 0;

  constructor(readonly capacity: number) {}

  get size(): number {
    return this.#size;
  }

  /** The largest size ever. */
  get highWater(): number {
    return this.#highWater;
  }

  /** False when full. */
  push(message: M): boolean {
    if (this.#size >= this.capacity) return false;
    if (this.#size === this.#slots.length) this.#grow();
    // The length is a power of two, so the mask wraps the index around.
    this.#slots[(this.#head + this.#size) & (this.#slots.length - 1)] = message;
    if (++this.#size > this.#highWater) this.#highWater = this.#size;
    return true;
  }

  shift(): M | undefined {
    if (this.#size === 0) return undefined;
    const message = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    if (--this.#size === 0 && this.#slots.length > 1024) this.#slots = NO_SLOTS;
    return message;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Array<M | undefined>(Math.max(FIRST_SLOTS, old.length * 2));
    for (let i = 0; i < this.#size; i++) slots[i] = old[(this.#head + i) & (old.length - 1)];
    this.#slots = slots;
    this.#head = 0;
  }
}
