import { type CborValue, Major, Tagged } from "./cbor.ts";

const encoder = new TextEncoder();

/** Writes an item in its shortest form, keys in the order of the map. */
export function encodeCbor(value: CborValue): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  write(out, value);
  return Uint8Array.from(out);
}

function write(out: number[], value: CborValue): void {
  if (typeof value === "number") return writeNumber(out, value);
  if (typeof value === "boolean" || value === null) {
    out.push(value === null ? 0xf6 : value ? 0xf5 : 0xf4);
  } else if (typeof value === "string") writeBytes(out, Major.text, encoder.encode(value));
  else if (value instanceof Uint8Array) writeBytes(out, Major.bytes, value);
  else if (value instanceof Tagged) {
    writeHead(out, Major.tag, value.tag);
    write(out, value.value);
  } else if (value instanceof Map) {
    writeHead(out, Major.map, value.size);
    for (const [key, each] of value) {
      write(out, key);
      write(out, each);
    }
  } else {
    const items = value as readonly CborValue[];
    writeHead(out, Major.array, items.length);
    for (const each of items) write(out, each);
  }
}

function writeNumber(out: number[], value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    if (value >= 0) writeHead(out, Major.unsigned, value);
    else writeHead(out, Major.negative, -1 - value);
    return;
  }
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  out.push(0xfb, ...bytes);
}

function writeBytes(out: number[], major: number, bytes: Uint8Array): void {
  writeHead(out, major, bytes.length);
  for (const byte of bytes) out.push(byte);
}

function writeHead(out: number[], major: number, argument: number): void {
  const head = major << 5;
  if (argument < 24) out.push(head | argument);
  else if (argument < 0x100) out.push(head | 24, argument);
  else if (argument < 0x10000) out.push(head | 25, argument >> 8, argument & 255);
  else if (argument < 2 ** 32) out.push(head | 26, ...bigEndian(argument));
  else out.push(head | 27, ...bigEndian(Math.floor(argument / 2 ** 32)), ...bigEndian(argument));
}

function bigEndian(value: number): number[] {
  return [value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255];
}
