import { Reader } from "../../bytes.ts";
import { ProtocolError } from "../../session.ts";
import { readBinary, readText, readVarint } from "./fields.ts";
import {
  type Kind,
  type Properties,
  properties as table,
  type Property,
  propertyById,
  type UserProperty,
} from "./property.ts";
import { malformed, Reason } from "./reason.ts";
import { Writer } from "./writer.ts";

/**
 * 256 of a kind in one packet: more than any client sends. An empty one takes 5 bytes on the wire
 * and 30 times as many in memory.
 */
export const MAX_USER_PROPERTIES = 256;

/**
 * Reads the properties of a packet of type `packet`; undefined when there are none. Binary values
 * are views.
 */
export function readProperties(reader: Reader, packet: number): Properties | undefined {
  const length = readVarint(reader);
  if (length === 0) return undefined;
  const fields = new Reader(reader.take(length), Reason.malformedPacket);
  const found: Record<string, unknown> = {};
  while (fields.left > 0) readProperty(fields, packet, found);
  return found;
}

function readProperty(fields: Reader, packet: number, found: Record<string, unknown>): void {
  const id = readVarint(fields);
  const known = propertyById[id];
  if (known === undefined || (known.packets & 1 << packet) === 0) {
    throw malformed(`Cannot use property 0x${id.toString(16)}: this packet may not carry it`);
  }
  const { name, kind } = known;
  const value = readValue(fields, known);
  if (kind === "pair" || kind === "varint") {
    const values = (found[name] ??= []) as unknown[];
    if (values.push(value) === 1) return;
    if ((known.repeatable & 1 << packet) === 0) throw repeated(name);
    if (values.length > MAX_USER_PROPERTIES) {
      throw new ProtocolError(
        `Cannot take more than ${MAX_USER_PROPERTIES} ${name} in one packet`,
        Reason.quotaExceeded,
      );
    }
  } else {
    if (found[name] !== undefined) throw repeated(name);
    found[name] = value;
  }
}

function readValue(fields: Reader, { name, kind, positive }: Property): unknown {
  switch (kind) {
    case "text":
      return readText(fields, name);
    case "binary":
      return readBinary(fields);
    case "pair":
      return [readText(fields, name), readText(fields, name)];
  }
  const value = readNumber(fields, kind);
  if (kind === "flag" && value > 1) throw unfit(name, value, "0 or 1");
  if (positive && value === 0) throw unfit(name, value, "at least 1");
  return value;
}

function readNumber(fields: Reader, kind: "flag" | "u16" | "u32" | "varint"): number {
  switch (kind) {
    case "flag":
      return fields.u8();
    case "u16":
      return fields.u16();
    case "u32":
      return fields.u32();
    case "varint":
      return readVarint(fields);
  }
}

function repeated(name: string): ProtocolError {
  return new ProtocolError(
    `Cannot take ${name} twice: it may stand in a packet once`,
    Reason.protocolError,
  );
}

function unfit(name: string, value: number, right: string): ProtocolError {
  return new ProtocolError(
    `Cannot use ${value} as ${name}: it must be ${right}`,
    Reason.protocolError,
  );
}

/** Writes properties, with their length in front. */
export function writeProperties(writer: Writer, properties: Properties | undefined): void {
  if (properties === undefined) return writer.u8(0);
  const fields = new Writer();
  for (const { id, name, kind } of table) {
    const value = properties[name];
    if (value === undefined) continue;
    if (kind === "pair" || kind === "varint") {
      for (const each of value as unknown[]) writeProperty(fields, id, kind, each);
    } else {
      writeProperty(fields, id, kind, value);
    }
  }
  writer.varint(fields.length);
  writer.raw(fields.view);
  writer.tooLong ||= fields.tooLong;
}

function writeProperty(fields: Writer, id: number, kind: Kind, value: unknown): void {
  fields.u8(id);
  switch (kind) {
    case "flag":
      return fields.u8(value as number);
    case "u16":
      return fields.u16(value as number);
    case "u32":
      return fields.u32(value as number);
    case "varint":
      return fields.varint(value as number);
    case "text":
      return fields.text(value as string);
    case "binary":
      return fields.binary(value as Uint8Array);
    case "pair":
      fields.text((value as UserProperty)[0]);
      return fields.text((value as UserProperty)[1]);
  }
}
