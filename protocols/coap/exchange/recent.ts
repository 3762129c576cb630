/**
 * The latest value of each of many keys. It holds at least the latest half of `most` keys, and
 * never more than `most`. Forgetting costs nothing, because the older half goes all at once.
 */
export class Recent<T> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  constructor(readonly most: number) {}

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): T | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, value: T): void {
    if (2 * this.#young.size >= this.most && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
