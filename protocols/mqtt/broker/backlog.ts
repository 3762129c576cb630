import type { Delivery } from "../../publication.ts";

/** Waiting messages that are read together, when the first of them is next to be sent. */
export interface Page {
  readonly size: number;
  /** What they count for in the limits of their queue: the sum of `bytesOf`. */
  readonly bytes: number;
  read(): readonly Delivery[];
}

const NOTHING: readonly Delivery[] = [];

/** Pages of waiting messages, oldest first: a page that is not read yet takes little memory. */
export class Backlog {
  #pages: Page[] = [];
  #unread = 0;
  /** The messages of the page that is being read, and the next of them. */
  #read = NOTHING;
  #at = 0;

  get size(): number {
    return this.#unread + this.#read.length - this.#at;
  }

  /** Adds a page behind all others. */
  push(page: Page): void {
    this.#pages.push(page);
    this.#unread += page.size;
  }

  /** Puts `pages` in front of everything that waits here. */
  precede(pages: readonly Page[], sumOf: (deliveries: readonly Delivery[]) => number): void {
    const rest = this.#read.slice(this.#at);
    const begun = { size: rest.length, bytes: sumOf(rest), read: () => rest };
    const all = [...pages, ...rest.length > 0 ? [begun] : [], ...this.#pages];
    this.clear();
    for (const each of all) this.push(each);
  }

  /** The oldest message, which stays. Where a page is read for that, `opened` is told first. */
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
