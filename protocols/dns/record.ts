/**
 * The data of a DNS record, by its type. Names have no final dot. Text that is not UTF-8 is given
 * as bytes, and so is the data of types that are not known here.
 *
 * @example An address and a mail server
 * ```ts
 * import type { DnsData } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const data: DnsData[] = [
 *   { type: "A", address: "192.0.2.1" },
 *   { type: "MX", preference: 10, exchange: "mail.home.example" },
 *   { type: "TYPE65280", bytes: Uint8Array.of(1, 2) },
 * ];
 * assert.equal(data.length, 3);
 * ```
 */
export type DnsData =
  | { type: "A" | "AAAA"; address: string }
  | { type: "CNAME" | "NS" | "PTR"; target: string }
  | { type: "MX"; preference: number; exchange: string }
  | { type: "TXT"; text: readonly (string | Uint8Array)[] }
  | { type: "SRV"; priority: number; weight: number; port: number; target: string }
  | {
    type: "SOA";
    primary: string;
    mailbox: string;
    serial: number;
    refresh: number;
    retry: number;
    expire: number;
    minimum: number;
  }
  | { type: "CAA"; flags: number; tag: string; value: string | Uint8Array }
  | { type: `TYPE${number}`; bytes: Uint8Array };

/**
 * One DNS record of the Internet (RFC 1035 §4.1.3).
 *
 * @example What a resolver found
 * ```ts
 * import type { DnsRecord } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const record: DnsRecord = { name: "www.home.example", ttl: 60, type: "A", address: "192.0.2.1" };
 * assert.equal(record.ttl, 60);
 * ```
 */
export type DnsRecord = DnsData & {
  /** The name that it belongs to, without the final dot. */
  name: string;
  /** Seconds for which it may be kept. */
  ttl: number;
  /** The class, unless it is 1, the Internet. */
  class?: number;
};

/**
 * A question: a name and a type, such as `A`, or `TYPE65280` for one without a name here.
 *
 * @example In words
 * ```ts
 * import type { DnsQuestion } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const ask = ({ type, name }: DnsQuestion): string => `Who is ${name}, as ${type}?`;
 * assert.equal(ask({ name: "home.example", type: "A" }), "Who is home.example, as A?");
 * ```
 */
export interface DnsQuestion {
  /** The name as it was asked for, without the final dot; `""` is the root. */
  name: string;
  /** The type, such as `A` or `TYPE65280`. */
  type: string;
  /** The class, unless it is 1, the Internet. */
  class?: number;
}

/** Types by their names (RFC 1035 §3.2.2, RFC 3596, RFC 2782, RFC 8659, RFC 6891). */
export const types: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
  CAA: 257,
};

const names = new Map(Object.entries(types).map(([name, number]) => [number, name]));

/** The name of a type: `A`, or `TYPE65280` (RFC 3597 §5). */
export function typeName(number: number): string {
  return names.get(number) ?? `TYPE${number}`;
}

/** The number of a type. Throws a `TypeError` for a name of none. */
export function typeNumber(name: string): number {
  const known = types[name];
  if (known !== undefined) return known;
  const number = /^TYPE(\d{1,5})$/.exec(name)?.[1];
  if (number === undefined || Number(number) > 0xffff) {
    throw new TypeError(
      `Cannot use ${JSON.stringify(name)} as a DNS type: give one of ` +
        `${Object.keys(types).join(", ")}, or TYPE and a number up to 65535`,
    );
  }
  return Number(number);
}

/** Response codes (RFC 1035 §4.1.1, RFC 6891 §9). */
export const rcodes: Readonly<Record<Rcode, number>> = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
};

/**
 * The name of a response code.
 *
 * @example There is no such name
 * ```ts
 * import type { Rcode } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const gone: Rcode = "NXDOMAIN";
 * assert.equal(gone.length, 8);
 * ```
 */
export type Rcode =
  | "NOERROR"
  | "FORMERR"
  | "SERVFAIL"
  | "NXDOMAIN"
  | "NOTIMP"
  | "REFUSED"
  | "BADVERS";

/** The name of a response code, or the number of one that has none here. */
export function rcodeName(number: number): string {
  return Object.entries(rcodes).find(([, each]) => each === number)?.[0] ?? `RCODE${number}`;
}
