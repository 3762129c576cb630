/** How many replies are remembered, and to what queries. */
export const defaults = {
  /** 4,096 replies, a power of 2: the hash of a query is its place, so no list has to be kept. */
  replies: 4_096,
  /** 300 bytes of a query: longer ones have options, which differ each time. */
  queryBytes: 300,
};

interface Remembered {
  readonly query: Uint8Array;
  readonly reply: Uint8Array;
}

/** Remembers replies that depend on nothing but their query, apart from its id. */
export class ReplyCache {
  readonly #places: (Remembered | undefined)[] = Array(defaults.replies).fill(undefined);

  /** The remembered reply to `query`, with the id of that; valid until the next call. */
  find(query: Uint8Array): Uint8Array | undefined {
    const found = this.#places[placeOf(query)];
    if (found === undefined || found.query.length !== query.length) return undefined;
    const known = found.query;
    for (let i = 2; i < known.length; i++) if (known[i] !== query[i]) return undefined;
    found.reply[0] = query[0]!;
    found.reply[1] = query[1]!;
    return found.reply;
  }

  /** Remembers a reply, and forgets the one that had its place. */
  keep(query: Uint8Array, reply: Uint8Array): void {
    if (query.length > defaults.queryBytes) return;
    this.#places[placeOf(query)] = { query: query.slice(), reply: reply.slice() };
  }
}

/** FNV-1a of all but the id: short, and good enough to spread names. */
function placeOf(query: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 2; i < query.length; i++) hash = Math.imul(hash ^ query[i]!, 0x01000193);
  return (hash ^ hash >>> 16) & (defaults.replies - 1);
}
