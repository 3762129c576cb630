import type { DnsMessage } from "../../protocols/dns/message.ts";
import { canonical } from "../../protocols/dns/names.ts";
import type { DnsQuestion, DnsRecord } from "../../protocols/dns/record.ts";
import { secondsToKeep } from "../../protocols/dns/reply.ts";
import type { Clock } from "../clock.ts";

/** The limits of the cache. */
const defaults = {
  /** Seconds that anything is kept: a day, whatever its TTL (RFC 8767 §4 suggests up to a week). */
  maxSeconds: 86_400,
  /** Seconds that an absence is kept: 3 hours (RFC 2308 §5). */
  maxAbsenceSeconds: 10_800,
  /** Records of one reply: longer ones are not kept, so that the number of replies bounds memory. */
  maxRecords: 64,
};

interface Kept {
  reply: DnsMessage;
  since: number;
  until: number;
}

/**
 * Keeps replies for as long as their TTLs allow. The one that was unused for longest makes room.
 */
export class DnsCache {
  readonly #kept = new Map<string, Kept>();

  constructor(readonly clock: Clock, readonly maxEntries: number) {}

  /** The reply that is kept, with TTLs that are less by its age. */
  find(question: DnsQuestion): DnsMessage | undefined {
    const key = keyOf(question), kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    const now = this.clock.now();
    if (now >= kept.until) return undefined;
    this.#kept.set(key, kept);
    const age = Math.floor((now - kept.since) / 1000);
    const aged = (records: readonly DnsRecord[]) =>
      records.map((record) => ({ ...record, ttl: Math.max(0, record.ttl - age) }));
    const { reply } = kept;
    return { ...reply, answers: aged(reply.answers), authorities: aged(reply.authorities) };
  }

  /** Keeps a reply, whether it has records or says that there are none. */
  keep(question: DnsQuestion, reply: DnsMessage): void {
    if (reply.answers.length + reply.authorities.length > defaults.maxRecords) return;
    const most = reply.answers.length > 0 ? defaults.maxSeconds : defaults.maxAbsenceSeconds;
    const seconds = Math.min(most, secondsToKeep(reply, question));
    if (seconds <= 0 || this.maxEntries === 0) return;
    const oldest = this.#kept.keys().next();
    if (this.#kept.size >= this.maxEntries && !oldest.done) this.#kept.delete(oldest.value);
    const since = this.clock.now();
    this.#kept.set(keyOf(question), { reply, since, until: since + seconds * 1000 });
  }
}

/** The same text for questions that have the same answer. */
export function keyOf({ name, type }: DnsQuestion): string {
  return `${type} ${canonical(name)}`;
}
