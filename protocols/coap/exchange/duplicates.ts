import type { CoapLimits } from "../limits.ts";
import { Answer, bytesOf } from "../messages/answer.ts";
import type { Peer, Peers } from "./peers.ts";

/** A request that must not be carried out again when it comes twice. */
export class Remembered {
  older: Remembered | undefined = undefined;
  newer: Remembered | undefined = undefined;
  /** The next newer one of the same peer. */
  next: Remembered | undefined = undefined;

  constructor(
    readonly peer: Peer,
    readonly id: number,
    /** The answer to repeat; undefined when it is sent separately. */
    public answer: Answer | undefined,
    readonly at: number,
  ) {}

  get bytes(): number {
    return this.answer === undefined ? 0 : bytesOf(this.answer);
  }
}

/**
 * Remembers requests for EXCHANGE_LIFETIME (RFC 7252 §4.5), as far as there is room: the oldest are
 * forgotten first, of a peer that is over its share, or of all.
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

  /** Replaces the answer to a request, because the first one did not turn out to be true. */
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

  /** Forgets an entry, which is always the oldest of its peer. */
  #forget(entry: Remembered): void {
    const { peer, older, newer } = entry;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    peer.remembered.delete(entry.id);
    peer.oldest = entry.next;
    if (entry.next === undefined) peer.newest = undefined;
    // Garbage in the old generation that points to young entries would keep those alive, too.
    entry.older = entry.newer = entry.next = undefined;
    peer.rememberedBytes -= entry.bytes;
    this.size--;
    this.bytes -= entry.bytes;
    this.peers.release(peer);
  }
}

/** An answer whose payload, if it is a part of a larger body, does not keep all of that alive. */
function compact(answer: Answer): Answer {
  const { code, options, payload, isStored } = answer;
  return payload.length < payload.buffer.byteLength
    ? new Answer(code, options, payload.slice(), isStored)
    : answer;
}
