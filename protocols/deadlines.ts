/** Something that falls due. */
export interface Due {
  /** When it is due, in milliseconds since 1970; set by `Deadlines`. */
  dueAt: number;
  /** Its place in the heap; -1 while it is in none. Set by `Deadlines`. */
  place: number;
  due(now: number): void;
}

/**
 * What falls due, soonest first: a heap in which every item knows its place, so it can be moved.
 */
export class Deadlines {
  readonly #heap: Due[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** When the first item is due; Infinity for never. */
  get next(): number {
    return this.#heap.length === 0 ? Infinity : this.#heap[0]!.dueAt;
  }

  /** Adds an item, or moves it to another time. */
  set(item: Due, at: number): void {
    item.dueAt = at;
    if (item.place < 0) {
      item.place = this.#heap.length;
      this.#heap.push(item);
    }
    this.#rise(item);
    this.#sink(item);
  }

  /** Removes an item; it may be gone already. */
  delete(item: Due): void {
    const { place } = item;
    if (place < 0) return;
    item.place = -1;
    const last = this.#heap.pop()!;
    if (last === item) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  }

  /** Calls `due` of every item whose time has come, once each. */
  run(now: number): void {
    while (this.next <= now) {
      const item = this.#heap[0]!;
      this.delete(item);
      item.due(now);
    }
  }

  #rise(item: Due): void {
    while (item.place > 0) {
      const place = item.place, above = place - 1 >> 1, other = this.#heap[above]!;
      if (other.dueAt <= item.dueAt) return;
      this.#put(other, place);
      this.#put(item, above);
    }
  }

  #sink(item: Due): void {
    const heap = this.#heap;
    for (;;) {
      const place = item.place;
      let below = 2 * place + 1;
      if (below >= heap.length) return;
      if (below + 1 < heap.length && heap[below + 1]!.dueAt < heap[below]!.dueAt) below++;
      const other = heap[below]!;
      if (item.dueAt <= other.dueAt) return;
      this.#put(other, place);
      this.#put(item, below);
    }
  }

  #put(item: Due, place: number): void {
    this.#heap[place] = item;
    item.place = place;
  }
}
