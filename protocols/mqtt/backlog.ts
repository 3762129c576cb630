import type { Delivery } from "../publication.ts";

/** Messages that are kept together until the turn of their first comes. */
export interface Page {
  readonly size: number;
  /** What they take as `bytesOf` says. */
  readonly bytes: number;
  read(): readonly Delivery[];
}

const NOTHING: readonly Delivery[] = [];

/** What waits on pages, oldest first: messages that are not looked at take a fraction of the memory. */
export class Backlog {
  #pages: Page[] = [];
  #unread = 0;
  /** The page that is being read. */
  #read = NOTHING;
  #at = 0;

  get size(): number {
    return this.#unread + this.#read.length - this.#at;
  }

  /** The newest. */
  push(page: Page): void {
    this.#pages.push(page);
    this.#unread += page.size;
  }

  /** Has `pages` in front of all that is here. */
  precede(pages: readonly Page[], sumOf: (deliveries: readonly Delivery[]) => number): void {
    const rest = this.#read.slice(this.#at);
    const begun = { size: rest.length, bytes: sumOf(rest), read: () => rest };
    const all = [...pages, ...rest.length > 0 ? [begun] : [], ...this.#pages];
    this.clear();
    for (const each of all) this.push(each);
  }

  /** The oldest, which stays; a page that has to be read for it is given to `opened` first. */
  peek(opened: (page: Page, deliveries: readonly Delivery[]) => void): Delivery | undefined {
    while (this.#at === this.#read.length) {
      const page = this.#pages.shift();
      if (page === undefined) return undefined;
      this.#unread -= page.size;
      this.#read = page.read();
      this.#at = 0;
      opened(page, this.#read);
    }
    return this.#read[this.#at];
  }

  /** The oldest; as for `peek`. */
  shift(opened: (page: Page, deliveries: readonly Delivery[]) => void): Delivery | undefined {
    const delivery = this.peek(opened);
    if (delivery === undefined) return undefined;
    this.#at++;
    if (this.#at === this.#read.length) {
      this.#read = NOTHING;
      this.#at = 0;
    }
    return delivery;
  }

  clear(): void {
    this.#pages = [];
    this.#read = NOTHING;
    this.#at = this.#unread = 0;
  }
}
