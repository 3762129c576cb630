import { canonical, isWithin, parentOf } from "./names.ts";
import type { DnsQuestion, DnsRecord, Rcode } from "./record.ts";

/**
 * A zone: names for which the gateway has the authority.
 *
 * @example A house
 * ```ts
 * import type { DnsZone } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const zone: DnsZone = {
 *   name: "home.example",
 *   records: [{ name: "www.home.example", ttl: 300, type: "A", address: "192.0.2.1" }],
 * };
 * assert.equal(zone.records.length, 1);
 * ```
 */
export interface DnsZone {
  /** The name that all names in it end with. */
  name: string;
  /** Its records. If there is no SOA among them, one is made. */
  records: readonly DnsRecord[];
}

/** An answer from zones. */
export interface Found {
  rcode: Rcode;
  authoritative: boolean;
  answers: DnsRecord[];
  authorities: DnsRecord[];
  additionals: DnsRecord[];
}

/** The limits of zones. */
export const defaults = {
  /** 16 aliases of aliases: longer chains are mistakes, and circles would never end. */
  maxAliases: 16,
  /** 3,600 s: the TTL of an SOA that we make, and with it of answers that a name is absent. */
  soaTtl: 3_600,
};

interface Zone {
  readonly name: string;
  readonly soa: DnsRecord & { type: "SOA" };
  /** The records by canonical name; empty for names that only have others below them. */
  readonly nodes: Map<string, DnsRecord[]>;
}

/** All zones, and what they answer (RFC 1034 §4.3.2). */
export class Zones {
  readonly #zones = new Map<string, Zone>();

  constructor(zones: readonly DnsZone[]) {
    for (const zone of zones) {
      const made = makeZone(zone);
      if (this.#zones.has(made.name)) {
        throw new TypeError(`Cannot use two zones with the name "${made.name}": join them`);
      }
      this.#zones.set(made.name, made);
    }
  }

  /** The answer to a question; undefined when its name is in no zone. */
  answer({ name, type }: DnsQuestion): Found | undefined {
    const found: Found = {
      rcode: "NOERROR",
      authoritative: true,
      answers: [],
      authorities: [],
      additionals: [],
    };
    let asked = name, zone = this.#zoneOf(canonical(name));
    if (zone === undefined) return undefined;
    for (let aliases = 0; zone !== undefined; aliases++) {
      const alias = this.#step(zone, { name: asked, type }, found);
      if (alias === undefined) break;
      if (aliases === defaults.maxAliases) return { ...found, rcode: "SERVFAIL", answers: [] };
      asked = alias;
      zone = this.#zoneOf(canonical(alias));
    }
    if (found.answers.length > 0) this.#addAddresses(found);
    return found;
  }

  #zoneOf(name: string): Zone | undefined {
    for (let at: string | undefined = name; at !== undefined; at = parentOf(at)) {
      const zone = this.#zones.get(at);
      if (zone) return zone;
    }
  }

  /** Adds the records of one name. Returns the name to go on with, if it is an alias. */
  #step(zone: Zone, { name, type }: DnsQuestion, found: Found): string | undefined {
    const key = canonical(name);
    const cut = delegationOf(zone, key);
    if (cut !== undefined) {
      found.authoritative = found.answers.length > 0;
      found.authorities.push(...cut);
      this.#addAddresses(found, cut);
      return undefined;
    }
    const node = nodeOf(zone, key);
    if (node === undefined) found.rcode = "NXDOMAIN";
    else {
      const alias = node.find((record) => record.type === "CNAME");
      // ANY gets the records of one type: all of them would only serve attackers (RFC 8482 §4.1).
      const wanted = type === "ANY" ? node[0]?.type : alias ? "CNAME" : type;
      const records = node.filter((record) => record.type === wanted);
      found.answers.push(...records.map((record) => ({ ...record, name })));
      if (alias?.type === "CNAME" && type !== "CNAME" && type !== "ANY") return alias.target;
      if (records.length > 0) return undefined;
    }
    // Says for how long the absence may be remembered (RFC 2308 §3).
    const { soa } = zone;
    found.authorities.push({ ...soa, ttl: Math.min(soa.ttl, soa.minimum) });
  }

  /** Adds the addresses of servers that records name: the client would ask for them next. */
  #addAddresses(found: Found, named: readonly DnsRecord[] = found.answers): void {
    for (const record of named) {
      const target = record.type === "MX"
        ? record.exchange
        : record.type === "SRV" || record.type === "NS"
        ? record.target
        : undefined;
      const key = target && canonical(target);
      const node = key && this.#zoneOf(key)?.nodes.get(key) || [];
      for (const each of node) {
        const isAddress = each.type === "A" || each.type === "AAAA";
        if (isAddress && !found.additionals.includes(each)) found.additionals.push(each);
      }
    }
  }
}

function makeZone({ name, records }: DnsZone): Zone {
  const zone = canonical(name);
  const nodes = new Map<string, DnsRecord[]>([[zone, []]]);
  let soa: Zone["soa"] | undefined;
  for (const record of records) {
    const key = canonical(record.name);
    if (!isWithin(key, zone)) {
      throw new TypeError(
        `Cannot put "${record.name}" into the zone "${name}": it is not below it`,
      );
    }
    if (record.type === "SOA") {
      if (key !== zone || soa) throw new TypeError(`Cannot give "${name}" this SOA: it has one`);
      soa = record;
    }
    for (let at: string | undefined = key; at !== undefined && at !== zone; at = parentOf(at)) {
      if (!nodes.has(at)) nodes.set(at, []);
    }
    nodes.get(key)!.push(record);
  }
  for (const [key, node] of nodes) checkNode(key, node);
  const apex = nodes.get(zone)!;
  const start = soa ?? usualSoa(zone, apex);
  if (soa === undefined) apex.unshift(start);
  return { name: zone, soa: start, nodes };
}

function checkNode(key: string, node: readonly DnsRecord[]): void {
  if (node.length > 1 && node.some(({ type }) => type === "CNAME")) {
    throw new TypeError(
      `Cannot give "${key}" a CNAME and other records: an alias has nothing else (RFC 2181 §10.1)`,
    );
  }
}

function usualSoa(zone: string, apex: readonly DnsRecord[]): Zone["soa"] {
  const server = apex.find((record) => record.type === "NS");
  const below = (label: string) => zone === "" ? label : `${label}.${zone}`;
  return {
    name: zone,
    ttl: defaults.soaTtl,
    type: "SOA",
    primary: server?.type === "NS" ? server.target : below("ns"),
    mailbox: below("hostmaster"),
    serial: 1,
    refresh: 86_400,
    retry: 7_200,
    expire: 3_600_000,
    minimum: defaults.soaTtl,
  };
}

/** The name servers to which the part of the zone with `key` in it is delegated, if it is. */
function delegationOf(zone: Zone, key: string): DnsRecord[] | undefined {
  let found: DnsRecord[] | undefined;
  for (let at = key; at !== zone.name; at = parentOf(at)!) {
    const servers = zone.nodes.get(at)?.filter(({ type }) => type === "NS") ?? [];
    if (servers.length > 0) found = servers;
  }
  return found;
}

/** The records of a name, or of the wildcard that stands for it (RFC 4592 §3.3.1). */
function nodeOf(zone: Zone, key: string): DnsRecord[] | undefined {
  const own = zone.nodes.get(key);
  if (own || key === zone.name) return own;
  let encloser = parentOf(key)!;
  while (!zone.nodes.has(encloser)) encloser = parentOf(encloser)!;
  return zone.nodes.get(encloser === "" ? "*" : `*.${encloser}`);
}
