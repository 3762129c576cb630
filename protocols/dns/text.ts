import { labelsOf, Writer } from "./names.ts";
import { isCaaTag, writeData } from "./data.ts";
import { type DnsData, type DnsRecord, typeNumber } from "./record.ts";

/** The units of times in zones, in seconds. */
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/**
 * Reads one line of a zone (RFC 1035 §5.1): `NAME [TTL] [IN] TYPE DATA`. Names without a final dot
 * are below `zone`, and `@` is the zone itself. Throws a `TypeError` that says what would be right.
 */
export function parseRecord(line: string, { zone, ttl }: { zone: string; ttl: number }): DnsRecord {
  const words = wordsOf(line);
  const [owner, ...rest] = words;
  let seconds = ttl;
  for (; rest.length > 0; rest.shift()) {
    const time = /^(\d{1,9})([smhdw]?)$/i.exec(rest[0]!);
    if (time) seconds = Number(time[1]) * (units[time[2]!.toLowerCase()] ?? 1);
    else if (rest[0]!.toUpperCase() !== "IN") break;
  }
  const [type, ...data] = rest;
  if (owner === undefined || type === undefined || data.length === 0) {
    throw new TypeError(
      `Cannot read ${JSON.stringify(line)}: give NAME TYPE DATA, as in www A 192.0.2.1`,
    );
  }
  const record = {
    name: absolute(owner, zone),
    ttl: seconds,
    ...dataOf(type.toUpperCase(), new Words(data, { line, zone })),
  };
  // A record that cannot be written is at fault, and writing it says why.
  const writer = new Writer();
  writer.name(record.name);
  writeData(writer, record);
  return record;
}

/** One record as a line of a zone, its names absolute. */
export function formatRecord(record: DnsRecord): string {
  return `${record.name}. ${record.ttl} IN ${record.type} ${formatData(record)}`;
}

function formatData(data: DnsData): string {
  if ("address" in data) return data.address;
  if ("bytes" in data) return `\\# ${data.bytes.length} ${hexOf(data.bytes)}`.trimEnd();
  switch (data.type) {
    case "MX":
      return `${data.preference} ${data.exchange}.`;
    case "TXT":
      return data.text.map(quotedText).join(" ");
    case "SRV":
      return `${data.priority} ${data.weight} ${data.port} ${data.target}.`;
    case "SOA": {
      const { primary, mailbox, serial, refresh, retry, expire, minimum } = data;
      return `${primary}. ${mailbox}. ${serial} ${refresh} ${retry} ${expire} ${minimum}`;
    }
    case "CAA":
      return `${data.flags} ${data.tag} ${quotedText(data.value)}`;
    default:
      return `${data.target}.`;
  }
}

class Words {
  constructor(
    readonly words: string[],
    readonly around: { line: string; zone: string },
  ) {}

  text(): string {
    return this.words.shift() ?? this.#fault("a word is missing");
  }

  name(): string {
    return absolute(this.text(), this.around.zone);
  }

  number(max: number): number {
    const word = this.text();
    if (!/^\d{1,10}$/.test(word) || Number(word) > max) {
      this.#fault(`${JSON.stringify(word)} is no number up to ${max}`);
    }
    return Number(word);
  }

  /** The name of a property of CAA. */
  tag(): string {
    const word = this.text();
    if (!isCaaTag(word)) {
      const right = "letters and digits, at most 255, as in issue";
      this.#fault(`${JSON.stringify(word)} is no tag of CAA: give ${right}`);
    }
    return word;
  }

  rest(): string[] {
    return this.words.splice(0);
  }

  end(): void {
    if (this.words.length > 0) this.#fault(`${JSON.stringify(this.words[0])} is too much`);
  }

  #fault(why: string): never {
    throw new TypeError(`Cannot read ${JSON.stringify(this.around.line)}: ${why}`);
  }
}

function dataOf(type: string, words: Words): DnsData {
  const data = readData(type, words);
  words.end();
  return data;
}

function readData(type: string, words: Words): DnsData {
  switch (type) {
    case "A":
    case "AAAA":
      return { type, address: words.text() };
    case "CNAME":
    case "NS":
    case "PTR":
      return { type, target: words.name() };
    case "MX":
      return { type, preference: words.number(0xffff), exchange: words.name() };
    case "TXT":
      return { type, text: words.rest() };
    case "SRV": {
      const [priority, weight] = [words.number(0xffff), words.number(0xffff)];
      return { type, priority, weight, port: words.number(0xffff), target: words.name() };
    }
    case "SOA": {
      const primary = words.name(), mailbox = words.name();
      const time = () => words.number(0xffffffff);
      const [serial, refresh, retry, expire, minimum] = [time(), time(), time(), time(), time()];
      return { type, primary, mailbox, serial, refresh, retry, expire, minimum };
    }
    case "CAA":
      return { type, flags: words.number(255), tag: words.tag(), value: words.text() };
    default:
      return unknown(type, words);
  }
}

/** `TYPE65280 \# 2 0102` (RFC 3597 §5). */
function unknown(type: string, words: Words): DnsData {
  const number = typeNumber(type);
  const [mark, size, ...digits] = words.rest();
  const hex = digits.join("");
  if (mark !== "\\#" || hex.length !== 2 * Number(size) || !/^(?:[\da-f]{2})*$/i.test(hex)) {
    throw new TypeError(`Cannot read data of type ${type}: give \\# SIZE HEX, as in \\# 2 0102`);
  }
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  return { type: `TYPE${number}`, bytes };
}

/** The words of a line, some of them in quotation marks; `;` begins a comment. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [word, quoted] of line.matchAll(/"((?:[^"\\]|\\.)*)"|;.*|[^\s";]+/g)) {
    if (quoted !== undefined) words.push(quoted.replace(/\\(.)/g, "$1"));
    else if (!word.startsWith(";")) words.push(word);
  }
  return words;
}

function absolute(name: string, zone: string): string {
  if (name === "@") return zone;
  if (name.endsWith(".") && !name.endsWith("\\.")) {
    labelsOf(name);
    return name.slice(0, -1);
  }
  return zone === "" ? name : `${name}.${zone}`;
}

function quotedText(text: string | Uint8Array): string {
  const plain = typeof text === "string"
    ? text.replace(/["\\]/g, "\\$&")
    : Array.from(text, (byte) => `\\${String(byte).padStart(3, "0")}`).join("");
  return `"${plain}"`;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
