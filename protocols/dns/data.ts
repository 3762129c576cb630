import { utf8 } from "../bytes.ts";
import { ProtocolError } from "../session.ts";
import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "./addresses.ts";
import { FORMERR, type MessageReader, readName, type Writer } from "./names.ts";
import { type DnsData, typeName } from "./record.ts";

/** Reads the data of a record, which ends at `end`; `type` is the number of its type. */
export function readData(reader: MessageReader, type: number, end: number): DnsData {
  const data = readKnown(reader, typeName(type), end) ??
    { type: `TYPE${type}` as const, bytes: reader.take(end - reader.at).slice() };
  if (reader.at !== end) {
    throw new ProtocolError(
      `Cannot read the DNS message: data of type ${data.type} ends at ${reader.at}, not at ${end}`,
      FORMERR,
    );
  }
  return data;
}

function readKnown(reader: MessageReader, type: string, end: number): DnsData | undefined {
  switch (type) {
    case "A":
      return { type, address: ipv4Text(reader.take(4)) };
    case "AAAA":
      return { type, address: ipv6Text(reader.take(16)) };
    case "CNAME":
    case "NS":
    case "PTR":
      return { type, target: readName(reader) };
    case "MX":
      return { type, preference: reader.u16(), exchange: readName(reader) };
    case "TXT": {
      const text = [];
      do text.push(textOf(reader.take(reader.u8()))); while (reader.at < end);
      return { type, text };
    }
    case "SRV": {
      const [priority, weight, port] = [reader.u16(), reader.u16(), reader.u16()];
      return { type, priority, weight, port, target: readName(reader) };
    }
    case "SOA": {
      const primary = readName(reader), mailbox = readName(reader);
      const [serial, refresh, retry] = [reader.u32(), reader.u32(), reader.u32()];
      const [expire, minimum] = [reader.u32(), reader.u32()];
      return { type, primary, mailbox, serial, refresh, retry, expire, minimum };
    }
    case "CAA": {
      const flags = reader.u8();
      const tag = String.fromCharCode(...reader.take(reader.u8()));
      if (!isCaaTag(tag)) {
        throw new ProtocolError(
          `Cannot read the DNS message: ${JSON.stringify(tag)} is no tag of CAA (RFC 8659 §4.1)`,
          FORMERR,
        );
      }
      return { type, flags, tag, value: textOf(reader.take(Math.max(0, end - reader.at))) };
    }
  }
}

/** True for what may name a property of CAA; its length is one byte (RFC 8659 §4.1). */
export function isCaaTag(text: string): boolean {
  return /^[a-z\d]{1,255}$/i.test(text);
}

function textOf(bytes: Uint8Array): string | Uint8Array {
  return utf8(bytes) ?? bytes.slice();
}

/** Writes the data of a record. Throws a `TypeError` when it does not fit its type. */
export function writeData(writer: Writer, data: DnsData): void {
  if ("bytes" in data) return writer.bytes(data.bytes);
  switch (data.type) {
    case "A":
    case "AAAA": {
      const bytes = data.type === "A" ? ipv4Bytes(data.address) : ipv6Bytes(data.address);
      if (bytes) return writer.bytes(bytes);
      throw new TypeError(
        `Cannot use ${JSON.stringify(data.address)} as the address of a record of type ` +
          `${data.type}: give one such as ${data.type === "A" ? "192.0.2.1" : "2001:db8::1"}`,
      );
    }
    case "CNAME":
    case "NS":
    case "PTR":
      return writer.name(data.target);
    case "MX":
      writer.u16(data.preference);
      return writer.name(data.exchange);
    case "TXT":
      for (const each of data.text.length === 0 ? [""] : data.text) {
        const bytes = bytesOf(each);
        if (bytes.length > 255) {
          throw new TypeError("Cannot use a text of more than 255 bytes: give several");
        }
        writer.u8(bytes.length);
        writer.bytes(bytes);
      }
      return;
    case "SRV":
      for (const each of [data.priority, data.weight, data.port]) writer.u16(each);
      return writer.name(data.target, false);
    case "SOA":
      writer.name(data.primary);
      writer.name(data.mailbox);
      for (const each of [data.serial, data.refresh, data.retry, data.expire, data.minimum]) {
        writer.u32(each);
      }
      return;
    case "CAA": {
      const tag = bytesOf(data.tag);
      writer.u8(data.flags);
      writer.u8(tag.length);
      writer.bytes(tag);
      return writer.bytes(bytesOf(data.value));
    }
    default:
      throw new TypeError(
        `Cannot write a record of type ${JSON.stringify((data as DnsData).type)}: it has no data`,
      );
  }
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? new TextEncoder().encode(text) : text;
}
