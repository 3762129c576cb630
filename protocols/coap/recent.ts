/**
 * What was noted last of each of many keys. At least half of `most` keys are there, never more than
 * `most`, and to forget the others costs nothing: they go all at once.
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
