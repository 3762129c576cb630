export type { DnsOptions } from "../../protocols/dns/session.ts";
export type { DnsLimits } from "../../protocols/dns/limits.ts";
export type { DnsZone } from "../../protocols/dns/zone.ts";
export type { DnsEdns, DnsMessage } from "../../protocols/dns/message.ts";
export type { DnsData, DnsQuestion, DnsRecord, Rcode } from "../../protocols/dns/record.ts";
export type { DnsAnswer, DnsAnswers } from "../../protocols/dns/table.ts";
export type { DnsHandler, DnsInfo } from "./handler.ts";
export type { ResolverOptions } from "./options.ts";
