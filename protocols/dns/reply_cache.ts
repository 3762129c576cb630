/** The limits of remembered replies. */
export const defaults = {
  /** 4,096 replies, each in the place that its query's bytes choose: no list has to be kept. */
  replies: 4_096,
  /** Bytes of the longest query remembered: longer ones hold what differs each time. */
  queryBytes: 300,
};

interface Remembered {
  readonly query: Uint8Array;
  readonly reply: Uint8Array;
}

/** Replies that depend on nothing but the bytes of the query after its id. */
export class ReplyCache {
  readonly #places: (Remembered | undefined)[] = Array(defaults.replies).fill(undefined);

  /** The reply to `query`, with its id: valid until the next call. */
  find(query: Uint8Array): Uint8Array | undefined {
    const found = this.#places[placeOf(query)];
    if (found === undefined || found.query.length !== query.length) return undefined;
    const known = found.query;
    for (let i = 2; i < known.length; i++) if (known[i] !== query[i]) return undefined;
    found.reply[0] = query[0]!;
    found.reply[1] = query[1]!;
    return found.reply;
  }

  /** Remembers a reply in place of the one that had its place. */
  keep(query: Uint8Array, reply: Uint8Array): void {
    if (query.length > defaults.queryBytes) return;
    this.#places[placeOf(query)] = { query: query.slice(), reply: reply.slice() };
  }
}

/** FNV-1a, which is short and good enough to spread names. */
function placeOf(query: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 2; i < query.length; i++) hash = Math.imul(hash ^ query[i]!, 0x01000193);
  return (hash ^ hash >>> 16) & (defaults.replies - 1);
}
