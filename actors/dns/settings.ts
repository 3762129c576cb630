import { canonical } from "../../protocols/dns/names.ts";
import { parseRecord } from "../../protocols/dns/text.ts";
import { type DnsZone, Zones } from "../../protocols/dns/zone.ts";
import { serverAt } from "./system.ts";

/** Seconds for which records may be kept that do not say: changes are seen within five minutes. */
export const USUAL_TTL = 300;

/** A zone as configured: its records are lines of a zone file. */
interface ZoneText {
  name: string;
  records: readonly string[];
  ttl?: number;
}

/** Reads a zone. Throws a `TypeError` that says what is wrong. */
export function parseZone({ name, records, ttl = USUAL_TTL }: ZoneText): DnsZone {
  const zone = canonical(name);
  const parsed = { name: zone, records: records.map((line) => parseRecord(line, { zone, ttl })) };
  // Only for its checks: records that contradict each other are found now, not when they are
  // wanted.
  new Zones([parsed]);
  return parsed;
}

/** What is wrong with the address of a name server, if anything is. */
export function faultOfServer(text: string): string | undefined {
  try {
    if (text !== "system") serverAt(text);
  } catch (error) {
    return (error as Error).message;
  }
}
