import type { DnsMessage } from "./message.ts";
import { canonical } from "./names.ts";
import { type DnsQuestion, type DnsRecord, rcodes } from "./record.ts";
import { defaults } from "./zone.ts";

/**
 * True when a message may be believed to be the reply to a query: id, QR, question and class fit,
 * and its answers belong to the name that was asked for (RFC 5452 §9.1). The caller has to compare
 * the address and port that it came from.
 */
export function isReplyTo(reply: DnsMessage, id: number, question: DnsQuestion): boolean {
  if (reply.id !== id || !reply.response || reply.opcode !== 0) return false;
  const [asked, ...others] = reply.questions;
  if (asked === undefined) return isPlainFailure(reply);
  if (others.length > 0) return false;
  if (asked.type !== question.type || asked.class !== question.class) return false;
  if (canonical(asked.name) !== canonical(question.name)) return false;
  return reply.answers.length === 0 || answersTo(question, reply.answers).length > 0;
}

/** True for an error without a question and answers: a server that cannot read a query sends it. */
function isPlainFailure({ rcode, answers }: DnsMessage): boolean {
  return (rcode === rcodes.FORMERR || rcode === rcodes.NOTIMP) && answers.length === 0;
}

/** Those of the records that answer a question, aliases first. Others must not be believed. */
export function answersTo({ name, type }: DnsQuestion, records: readonly DnsRecord[]): DnsRecord[] {
  const found: DnsRecord[] = [];
  let at = canonical(name);
  for (let aliases = 0; aliases <= defaults.maxAliases; aliases++) {
    const here = records.filter((record) =>
      record.class === undefined && canonical(record.name) === at
    );
    const wanted = here.filter((record) => record.type === type || type === "ANY");
    if (wanted.length > 0) return [...found, ...wanted];
    const alias = here.find((record) => record.type === "CNAME");
    if (alias?.type !== "CNAME") break;
    found.push(alias);
    at = canonical(alias.target);
  }
  return found;
}

/** Seconds for which a reply may be kept; 0 for not at all (RFC 2181 §5.2, RFC 2308 §5). */
export function secondsToKeep(reply: DnsMessage, question: DnsQuestion): number {
  const answers = answersTo(question, reply.answers);
  const isAnswered = answers.some(({ type }) => type === question.type);
  const soa = reply.authorities.find((record) => record.type === "SOA");
  const absence = soa?.type === "SOA" ? Math.min(soa.ttl, soa.minimum) : 0;
  const ttls = answers.map(({ ttl }) => ttl);
  return Math.min(...ttls, ...(isAnswered ? [] : [absence]));
}
