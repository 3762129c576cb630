import { Holdings, ownerAt } from "../../owner.ts";

/** What a table may hold, of each peer and in all. */
export interface TableBounds {
  maxEntries: number;
  maxBytes: number;
  maxEntriesPerPeer: number;
  maxBytesPerPeer: number;
  /** Of all peers at one IP address. */
  maxEntriesPerAddress: number;
  maxBytesPerAddress: number;
  /** Milliseconds after which what nobody touched is forgotten. */
  lifetimeMs: number;
}

class Entry<T> {
  constructor(
    readonly peer: string,
    readonly name: string,
    readonly value: T,
    readonly bytes: number,
    readonly at: number,
  ) {}
}

/** What tables that share their bounds hold together. */
export class Total {
  entries = 0;
  /** By address; what they have in all, in bytes. */
  readonly holdings = new Holdings();
}

class Share<T> {
  readonly entries = new Set<Entry<T>>();
  bytes = 0;
}

/**
 * State of many peers that expires. A peer that is over its share loses its own oldest entries.
 * When all shares together are too much, nothing is added: no peer loses anything because of
 * another.
 */
export class PeerTable<T> {
  /** All entries, the oldest first. */
  readonly #entries = new Map<string, Entry<T>>();
  readonly #shares = new Map<string, Share<T>>();

  /** `maxEntries` and `maxBytes` bound all tables together that count in the same `total`. */
  constructor(readonly bounds: TableBounds, readonly total: Total = new Total()) {}

  get size(): number {
    return this.#entries.size;
  }

  /** When the oldest is forgotten; Infinity for never. */
  get deadline(): number {
    if (this.#entries.size === 0) return Infinity;
    return this.#entries.values().next().value!.at + this.bounds.lifetimeMs;
  }

  get(peer: string, name: string): T | undefined {
    return this.#entries.get(`${peer} ${name}`)?.value;
  }

  /**
   * Adds or replaces an entry, as the newest; removes it, and returns false, without room for it.
   */
  put(
    peer: string,
    name: string,
    value: T,
    { bytes, now }: { bytes: number; now: number },
  ): boolean {
    const { bounds, total } = this;
    this.delete(peer, name);
    if (bytes > bounds.maxBytesPerPeer) return false;
    const share = this.#shares.get(peer) ?? new Share<T>();
    while (
      share.entries.size >= bounds.maxEntriesPerPeer ||
      share.bytes + bytes > bounds.maxBytesPerPeer
    ) this.#remove(share.entries.values().next().value!);
    const { holdings } = total, owner = ownerAt(peer), held = holdings.of(owner);
    if (
      total.entries >= bounds.maxEntries || holdings.bytes + bytes > bounds.maxBytes ||
      held.count >= bounds.maxEntriesPerAddress || held.bytes + bytes > bounds.maxBytesPerAddress
    ) return false;
    const entry = new Entry(peer, name, value, bytes, now);
    this.#entries.set(`${peer} ${name}`, entry);
    share.entries.add(entry);
    share.bytes += bytes;
    total.entries++;
    holdings.add(owner, 1, bytes);
    this.#shares.set(peer, share);
    return true;
  }

  delete(peer: string, name: string): void {
    const entry = this.#entries.get(`${peer} ${name}`);
    if (entry !== undefined) this.#remove(entry);
  }

  /** Forgets entries that were not touched for too long. */
  tick(now: number): void {
    while (this.deadline <= now) this.#remove(this.#entries.values().next().value!);
  }

  clear(): void {
    for (const entry of this.#entries.values()) this.#remove(entry);
  }

  #remove(entry: Entry<T>): void {
    const { peer, name, bytes } = entry, share = this.#shares.get(peer)!;
    this.#entries.delete(`${peer} ${name}`);
    share.entries.delete(entry);
    share.bytes -= bytes;
    this.total.entries--;
    this.total.holdings.add(ownerAt(peer), -1, -bytes);
    if (share.entries.size === 0) this.#shares.delete(peer);
  }
}
