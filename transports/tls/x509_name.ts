import { DerReader, objectIdOf, Tag } from "./der_reader.ts";

/** How the attributes that people use are written (RFC 4514 §3). */
const shortNames: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "0.9.2342.19200300.100.1.25": "DC",
};

/** All types of text; what cannot be read as UTF-8 is of no use to people anyway. */
const texts = [0x0c, 0x12, 0x13, 0x14, 0x16, 0x1a, 0x1b, 0x1c, 0x1e];

/** Characters of a name that are shown. */
const MAX_SHOWN = 128;

/** A distinguished name for people, in quotes: `"O=Example, CN=sensor-7"`. */
export function nameInWords(name: Uint8Array): string {
  const parts: string[] = [];
  const sets = new DerReader(name).open("the name");
  while (!sets.isDone) {
    const set = sets.open("a part of the name", Tag.set);
    while (!set.isDone) {
      const pair = set.open("an attribute of the name");
      const id = objectIdOf(pair.take("the attribute's type", Tag.objectId).body);
      const value = pair.take("the attribute's value", ...texts);
      parts.push(`${shortNames[id] ?? id}=${new TextDecoder().decode(value.body)}`);
    }
  }
  const text = parts.join(", ");
  return JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
}
