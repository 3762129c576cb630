import { ProtocolError } from "../session.ts";
import { readData, writeData } from "./data.ts";
import { FORMERR, MessageReader, readName, Writer } from "./names.ts";
import { type DnsQuestion, type DnsRecord, typeName, typeNumber, types } from "./record.ts";

/** Bytes of the header (RFC 1035 §4.1.1). */
export const HEADER_BYTES = 12;

/**
 * EDNS0 of a message (RFC 6891 §6.1).
 *
 * @example Of somebody who takes large datagrams
 * ```ts
 * import type { DnsEdns } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const edns: DnsEdns = { udpBytes: 1_232, version: 0, flags: 0, options: new Uint8Array() };
 * assert.equal(edns.udpBytes, 1_232);
 * ```
 */
export interface DnsEdns {
  /** Bytes of the largest datagram that its sender takes. */
  udpBytes: number;
  /** The version of EDNS: 0 is the only one so far. */
  version: number;
  /** The flags: 0x8000 asks for DNSSEC. */
  flags: number;
  /** The options, as they stand in the message. */
  options: Uint8Array;
}

/**
 * One message (RFC 1035 §4). Flags that are not named are false.
 *
 * @example How many answers a reply has
 * ```ts
 * import type { DnsMessage } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const count = ({ answers }: Pick<DnsMessage, "answers">): number => answers.length;
 * assert.equal(count({ answers: [] }), 0);
 * ```
 */
export interface DnsMessage {
  /** A number that a reply has in common with its query. */
  id: number;
  /** QR: true for a reply. */
  response?: boolean;
  /** 0 for a query. */
  opcode?: number;
  /** AA: it comes from a server with authority for the name. */
  authoritative?: boolean;
  /** TC: records are missing, because they did not fit. */
  truncated?: boolean;
  /** RD: the server is to ask others, if it must. */
  recursionDesired?: boolean;
  /** RA: the server does ask others. */
  recursionAvailable?: boolean;
  /** CD: signatures need not be checked (RFC 4035 §3.2.2). */
  checkingDisabled?: boolean;
  /** The response code, with the upper bits that EDNS0 adds. */
  rcode?: number;
  /** The questions: by custom there is one. */
  questions: readonly DnsQuestion[];
  /** The records asked for, and the aliases on the way. */
  answers: readonly DnsRecord[];
  /** Who has the authority: NS records; or SOA, where there is no answer. */
  authorities: readonly DnsRecord[];
  /** Further records. OPT is not among them: it is `edns`. */
  additionals: readonly DnsRecord[];
  /** What its sender can do beyond RFC 1035: the record OPT. */
  edns?: DnsEdns;
}

/** Reads one message. Throws a `ProtocolError` with the code FORMERR when it is none. */
export function decodeMessage(bytes: Uint8Array): DnsMessage {
  const reader = new MessageReader(bytes);
  const id = reader.u16(), flags = reader.u16();
  const counts = [reader.u16(), reader.u16(), reader.u16(), reader.u16()];
  const questions: DnsQuestion[] = [];
  for (let i = 0; i < counts[0]!; i++) {
    const name = readName(reader), type = typeName(reader.u16());
    questions.push({ name, type, ...otherClass(reader.u16()) });
  }
  const found: { edns?: DnsEdns; rcode: number } = { rcode: flags & 0xf };
  const [answers, authorities, additionals] = counts.slice(1).map((count, section) => {
    const records: DnsRecord[] = [];
    for (let i = 0; i < count; i++) {
      const record = readRecord(reader, section === 2 ? found : undefined);
      if (record) records.push(record);
    }
    return records;
  }) as [DnsRecord[], DnsRecord[], DnsRecord[]];
  if (reader.left > 0) fault(`${reader.left} bytes follow it`);
  return {
    id,
    response: (flags & 0x8000) !== 0,
    opcode: flags >> 11 & 0xf,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
    rcode: found.rcode,
    questions,
    answers,
    authorities,
    additionals,
    ...found.edns && { edns: found.edns },
  };
}

/**
 * Reads a record. OPT, which may be in the additional section once, is put into `found` instead.
 */
function readRecord(
  reader: MessageReader,
  found?: { edns?: DnsEdns; rcode: number },
): DnsRecord | undefined {
  const name = readName(reader), type = reader.u16(), family = reader.u16();
  const ttl = reader.u32(), length = reader.u16();
  const end = reader.at + length;
  if (length > reader.left) fault(`data of ${length} bytes has ${reader.left}`);
  if (type === types.OPT) {
    if (!found || found.edns || name !== "") {
      fault("OPT stands where it must not (RFC 6891 §6.1.1)");
    }
    const options = reader.take(length).slice();
    found.rcode |= (ttl / 0x1000000 | 0) << 4;
    found.edns = { udpBytes: family, version: ttl >>> 16 & 0xff, flags: ttl & 0xffff, options };
    return undefined;
  }
  // A TTL with its highest bit set is zero (RFC 2181 §8).
  const rest = { name, ttl: ttl > 0x7fffffff ? 0 : ttl, ...otherClass(family) };
  // Data of another class than the Internet is not ours to understand.
  if (family !== 1) return { ...rest, type: `TYPE${type}`, bytes: reader.take(length).slice() };
  return { ...rest, ...readData(reader, type, end) };
}

function otherClass(number: number): { class?: number } {
  return number === 1 ? {} : { class: number };
}

function fault(what: string): never {
  throw new ProtocolError(`Cannot read the DNS message: ${what}`, FORMERR);
}

/** The longest message, which TCP has 16 bits of length for (RFC 1035 §4.2.2). */
export const MAX_MESSAGE_BYTES = 65_535;

/** Bytes of OPT without its options (RFC 6891 §6.1.2). */
const OPT_BYTES = 11;

/**
 * Writes a message. If it would have more than `maxBytes` it is truncated, and says so unless only
 * additional records are missing (RFC 2181 §9).
 */
export function encodeMessage(message: DnsMessage, maxBytes = MAX_MESSAGE_BYTES): Uint8Array {
  const writer = new Writer();
  const { rcode = 0, edns } = message;
  for (let i = 0; i < HEADER_BYTES / 2; i++) writer.u16(0);
  for (const { name, type, class: family = 1 } of message.questions) {
    writer.name(name);
    writer.u16(typeNumber(type));
    writer.u16(family);
  }
  const room = maxBytes - (edns ? OPT_BYTES + edns.options.length : 0);
  const { counts, truncated } = writeSections(writer, message, room);
  if (edns) writeOpt(writer, edns, rcode);
  const bytes = writer.done();
  const set = (at: number, value: number) => {
    bytes[at] = value >>> 8;
    bytes[at + 1] = value;
  };
  set(0, message.id);
  set(2, flagsOf(message, truncated));
  set(4, message.questions.length);
  counts.forEach((count, section) => set(6 + 2 * section, count + (edns && section === 2 ? 1 : 0)));
  return bytes;
}

/** The place of the additional section among the three with records (RFC 1035 §4.1). */
const ADDITIONAL = 2;

/** Writes as many records as there is room for, and says how many of each section these are. */
function writeSections(
  writer: Writer,
  { truncated = false, answers, authorities, additionals }: DnsMessage,
  room: number,
): { counts: number[]; truncated: boolean } {
  const counts = [0, 0, 0];
  for (const [section, records] of [answers, authorities, additionals].entries()) {
    const start = writer.at;
    for (const record of truncated ? [] : records) {
      const at = writer.at;
      writeRecord(writer, record);
      counts[section]!++;
      if (writer.at <= room) continue;
      if (section === ADDITIONAL) {
        // Additional records may be missing without notice.
        writer.cut(at);
        counts[section]!--;
        break;
      }
      // A part of a set of records could be taken for all of it.
      writer.cut(start);
      counts[section] = 0;
      truncated = true;
      break;
    }
  }
  return { counts, truncated };
}

function flagsOf(message: DnsMessage, truncated: boolean): number {
  return (message.response ? 0x8000 : 0) | (message.opcode ?? 0) << 11 |
    (message.authoritative ? 0x0400 : 0) | (truncated ? 0x0200 : 0) |
    (message.recursionDesired ? 0x0100 : 0) | (message.recursionAvailable ? 0x0080 : 0) |
    (message.checkingDisabled ? 0x0010 : 0) | (message.rcode ?? 0) & 0xf;
}

function writeRecord(writer: Writer, record: DnsRecord): void {
  writer.name(record.name);
  writer.u16(typeNumber(record.type));
  writer.u16(record.class ?? 1);
  writer.u32(record.ttl);
  writer.sized(() => writeData(writer, record));
}

function writeOpt(writer: Writer, edns: DnsEdns, rcode: number): void {
  writer.u8(0);
  writer.u16(types.OPT!);
  writer.u16(edns.udpBytes);
  writer.u8(rcode >> 4);
  writer.u8(edns.version);
  writer.u16(edns.flags);
  writer.sized(() => writer.bytes(edns.options));
}
