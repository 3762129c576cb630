import { Answer } from "./answer.ts";
import type { CoapLimits } from "./limits.ts";
import type { Peer, Peers } from "./peers.ts";

/** One request that must not be carried out again. */
export class Remembered {
  older: Remembered | undefined = undefined;
  newer: Remembered | undefined = undefined;
  /** The next one of the same peer. */
  next: Remembered | undefined = undefined;

  constructor(
    readonly peer: Peer,
    readonly id: number,
    /** Undefined when the answer goes separately. */
    public answer: Answer | undefined,
    readonly at: number,
  ) {}

  get bytes(): number {
    return this.answer === undefined ? 0 : bytesOf(this.answer);
  }
}

/**
 * The requests of EXCHANGE_LIFETIME (RFC 7252 §4.5), or as many of them as there is room for:
 * the oldest go first, of a peer that is over its share, or of all.
 */
export class Duplicates {
  size = 0;
  bytes = 0;
  #oldest: Remembered | undefined;
  #newest: Remembered | undefined;

  constructor(readonly peers: Peers, readonly limits: CoapLimits) {}

  /** When the oldest is forgotten; Infinity for never. */
  get deadline(): number {
    return this.#oldest === undefined ? Infinity : this.#oldest.at + this.limits.exchangeLifetimeMs;
  }

  /** What was answered is not true: what a duplicate is to hear in its place. */
  amend(peer: Peer, id: number, answer: Answer): void {
    const entry = peer.remembered.get(id);
    if (entry === undefined) return;
    const more = bytesOf(answer) - entry.bytes;
    entry.answer = compact(answer);
    peer.rememberedBytes += more;
    this.bytes += more;
    this.#makeRoom(peer);
  }

  remember(peer: Peer, id: number, answer: Answer | undefined, now: number): void {
    const entry = new Remembered(peer, id, answer && compact(answer), now);
    peer.remembered.set(id, entry);
    if (peer.newest === undefined) peer.oldest = entry;
    else peer.newest.next = entry;
    peer.newest = entry;
    peer.rememberedBytes += entry.bytes;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    entry.older = this.#newest;
    this.#newest = entry;
    this.size++;
    this.bytes += entry.bytes;
    this.#makeRoom(peer);
  }

  #makeRoom(peer: Peer): void {
    const { limits } = this;
    while (
      peer.remembered.size > limits.maxRememberedPerPeer ||
      peer.rememberedBytes > limits.maxRememberedBytesPerPeer
    ) this.#forget(peer.oldest!);
    while (this.size > limits.maxRemembered || this.bytes > limits.maxRememberedBytes) {
      this.#forget(this.#oldest!);
    }
  }

  /** Forgets what is older than the lifetime of an exchange. */
  tick(now: number): void {
    while (this.deadline <= now) this.#forget(this.#oldest!);
  }

  /** An entry is forgotten only when it is the oldest of its peer, or of all and so of its peer. */
  #forget(entry: Remembered): void {
    const { peer, older, newer } = entry;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    peer.remembered.delete(entry.id);
    peer.oldest = entry.next;
    if (entry.next === undefined) peer.newest = undefined;
    // An old entry that points to young ones would keep them all from the young collection.
    entry.older = entry.newer = entry.next = undefined;
    peer.rememberedBytes -= entry.bytes;
    this.size--;
    this.bytes -= entry.bytes;
    this.peers.release(peer);
  }
}

function bytesOf({ options, payload }: Answer): number {
  return options.length + payload.length;
}

/** A part of a large body must not keep all of it. */
function compact(answer: Answer): Answer {
  const { code, options, payload, isStored } = answer;
  return payload.length < payload.buffer.byteLength
    ? new Answer(code, options, payload.slice(), isStored)
    : answer;
}
