import { ProtocolError } from "../session.ts";
import { Reader } from "../bytes.ts";

/** The response code of a message that cannot be read (RFC 1035 §4.1.1). */
export const FORMERR = 1;

/** The limits of names (RFC 1035 §2.3.4). */
export const defaults = {
  maxLabelBytes: 63,
  maxNameBytes: 255,
  /** 126: a name of 255 bytes has at most 127 labels, and a pointer to each is more than enough. */
  maxPointers: 126,
};

/** The first offset that a pointer, 14 bits, cannot reach. */
const BEYOND_POINTERS = 0x4000;

/** A name, or what is left of one, that was read before. */
interface Tail {
  readonly text: string;
  /** Bytes of it without compression. */
  readonly size: number;
}

/** A cursor over one whole message that knows the names that it has read. */
export class MessageReader extends Reader {
  /** By where they begin: thousands of records can point to one long name, which is read once. */
  readonly tails = new Map<number, Tail>();

  constructor(bytes: Uint8Array) {
    super(bytes, FORMERR);
  }
}

/**
 * Reads a name as text: its labels joined by dots, with none at the end, so that the root is "".
 * Bytes that are not printable become `\DDD` (RFC 1035 §5.1).
 */
export function readName(reader: MessageReader): string {
  const { bytes, tails } = reader, begun: { at: number; chars: number; size: number }[] = [];
  let text = "", size = 1, pointers = 0, after = -1, start = reader.at;
  for (;;) {
    const known = after < 0 ? undefined : tails.get(reader.at);
    if (known !== undefined) {
      size += known.size - 1;
      if (text !== "" && known.text !== "") text += ".";
      text += known.text;
      break;
    }
    const at = reader.at, length = reader.u8();
    if (length === 0) break;
    if (length >= 0xc0) {
      const target = (length & 0x3f) << 8 | reader.u8();
      // Each pointer must lead further back ("prior", RFC 1035 §4.1.4), so following them ends.
      if (target >= start) fault(`a compressed name points to ${target}, which is not before it`);
      if (++pointers > defaults.maxPointers) fault("a compressed name has too many pointers");
      if (after < 0) after = reader.at;
      reader.at = start = target;
      continue;
    }
    if (length > defaults.maxLabelBytes) fault(`a label has no kind 0x${length.toString(16)}`);
    if (size + length + 1 > defaults.maxNameBytes) fault("a name has more than 255 bytes");
    if (text !== "") text += ".";
    begun.push({ at, chars: text.length, size });
    size += length + 1;
    text += labelText(bytes, reader.at, reader.take(length).length);
  }
  if (size > defaults.maxNameBytes) fault("a name has more than 255 bytes");
  if (after >= 0) reader.at = after;
  for (const { at, chars, size: before } of begun) {
    tails.set(at, { text: text.slice(chars), size: size - before + 1 });
  }
  return text;
}

function fault(what: string): never {
  throw new ProtocolError(`Cannot read the DNS message: ${what}`, FORMERR);
}

function labelText(bytes: Uint8Array, at: number, length: number): string {
  let text = "";
  for (let i = at; i < at + length; i++) {
    const byte = bytes[i]!;
    if (byte === 0x2e || byte === 0x5c) text += "\\" + String.fromCharCode(byte);
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += "\\" + String(byte).padStart(3, "0");
  }
  return text;
}

/** The labels of a name as bytes. Throws a `TypeError` for a text that is no name. */
export function labelsOf(name: string): Uint8Array[] {
  const labels: Uint8Array[] = [];
  if (name === "" || name === ".") return labels;
  let label: number[] = [], size = 1;
  const end = () => {
    if (label.length === 0) throw new TypeError(wrong(name, "a label is empty"));
    if (label.length > defaults.maxLabelBytes) {
      throw new TypeError(wrong(name, "a label has at most 63 bytes"));
    }
    size += label.length + 1;
    labels.push(Uint8Array.from(label));
    label = [];
  };
  for (let i = 0; i < name.length; i++) {
    if (name[i] === ".") end();
    else if (name[i] !== "\\") {
      const code = name.charCodeAt(i);
      if (code > 0x7f) throw new TypeError(wrong(name, "write other scripts as xn--… (RFC 5890)"));
      label.push(code);
    } else {
      const digits = /^\d{3}/.exec(name.slice(i + 1, i + 4))?.[0];
      const byte = digits ? Number(digits) : name.charCodeAt(i + 1);
      if (!(byte <= 255)) throw new TypeError(wrong(name, "after \\ stand three digits up to 255"));
      label.push(byte);
      i += digits ? 3 : 1;
    }
  }
  // All names are complete here, so a final dot, which says so, means nothing.
  if (label.length > 0) end();
  if (size > defaults.maxNameBytes) throw new TypeError(wrong(name, "it has more than 255 bytes"));
  return labels;
}

function wrong(name: string, why: string): string {
  return `Cannot use ${JSON.stringify(name.slice(0, 300))} as a domain name: ${why}`;
}

/** A name as tables have it: in lower case, without final dot, with escapes only where needed. */
export function canonical(name: string): string {
  if (/^(?:[a-z\d_-]+(?:\.(?!$)|$))*$/.test(name) && name.length <= 63) return name;
  return labelsOf(name).map((label) => labelText(label, 0, label.length)).join(".").toLowerCase();
}

/** The name without its first label; undefined for the root. */
export function parentOf(name: string): string | undefined {
  if (name === "") return undefined;
  for (let i = 0; i < name.length; i++) {
    if (name[i] === "\\") i++;
    else if (name[i] === ".") return name.slice(i + 1);
  }
  return "";
}

/** True when `name` is `zone`, or below it. Both must be canonical. */
export function isWithin(name: string, zone: string): boolean {
  for (let at: string | undefined = name; at !== undefined; at = parentOf(at)) {
    if (at === zone) return true;
  }
  return false;
}

/** 512 bytes at first: room for nearly every message. */
const FIRST_BYTES = 512;

/** Writes the bytes of one message, with compressed names (RFC 1035 §4.1.4). */
export class Writer {
  #bytes = new Uint8Array(FIRST_BYTES);
  readonly #known = new Map<string, number>();
  at = 0;

  u8(value: number): void {
    this.#grow(1);
    this.#bytes[this.at++] = value;
  }

  u16(value: number): void {
    this.u8(value >>> 8);
    this.u8(value);
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value);
  }

  bytes(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.#bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /**
   * Writes a name. In data of types newer than RFC 1035 it must not be `compressed` (RFC 3597 §4).
   */
  name(name: string, compressed = true): void {
    const labels = labelsOf(name);
    const texts = labels.map((label) => labelText(label, 0, label.length).toLowerCase());
    for (let i = 0; i < labels.length; i++) {
      const rest = texts.slice(i).join(".");
      const known = this.#known.get(rest);
      if (compressed && known !== undefined) return this.u16(0xc000 | known);
      if (known === undefined && this.at < BEYOND_POINTERS) this.#known.set(rest, this.at);
      this.u8(labels[i]!.length);
      this.bytes(labels[i]!);
    }
    this.u8(0);
  }

  /** Writes what `write` writes, with its length of 16 bits in front. */
  sized(write: () => void): void {
    const start = this.at;
    this.u16(0);
    write();
    const length = this.at - start - 2;
    if (length > 0xffff) throw new TypeError("Cannot write a record of more than 65535 bytes");
    this.#bytes[start] = length >>> 8;
    this.#bytes[start + 1] = length;
  }

  /** Takes back everything from `at` on. */
  cut(at: number): void {
    this.at = at;
    for (const [name, offset] of this.#known) if (offset >= at) this.#known.delete(name);
  }

  /** A view of everything written. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.at);
  }

  #grow(count: number): void {
    if (this.at + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.at + count, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
