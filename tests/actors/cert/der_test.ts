import assert from "node:assert/strict";
import {
  bitString,
  explicit,
  implicit,
  integer,
  objectId,
  octetString,
  sequence,
  set,
  time,
  utf8String,
  yes,
} from "../../../actors/cert/der.ts";

const cases: [name: string, bytes: Uint8Array, hex: string][] = [
  ["a small integer", integer(Uint8Array.of(2)), "020102"],
  ["an integer whose first bit is set", integer(Uint8Array.of(0x80)), "02020080"],
  ["an integer with zeros before it", integer(Uint8Array.of(0, 0, 7)), "020107"],
  ["zero", integer(Uint8Array.of(0, 0)), "020100"],
  ["true", yes(), "0101ff"],
  ["a bit string", bitString(Uint8Array.of(6), 1), "03020106"],
  ["an octet string", octetString(Uint8Array.of(1, 2)), "04020102"],
  ["text", utf8String("é"), "0c02c3a9"],
  ["an object identifier", objectId("1.2.840.10045.4.3.2"), "06082a8648ce3d040302"],
  ["a time until 2049", time(new Date("2049-12-31T23:59:58Z")), "170d3439313233313233353935385a"],
  [
    "a time from 2050 on",
    time(new Date("2050-01-01T00:00:00Z")),
    "180f32303530303130313030303030305a",
  ],
  ["a sequence", sequence(yes(), yes()), "30060101ff0101ff"],
  ["a set", set(yes()), "31030101ff"],
  ["an explicit tag", explicit(3, yes()), "a3030101ff"],
  ["an implicit tag", implicit(2, Uint8Array.of(0x61)), "820161"],
  ["a length of 127", octetString(new Uint8Array(127)).subarray(0, 3), "047f00"],
  ["a length of 128", octetString(new Uint8Array(128)).subarray(0, 4), "04818000"],
  ["a length of 65,536", octetString(new Uint8Array(65_536)).subarray(0, 5), "0483010000"],
];
for (const [name, bytes, hex] of cases) {
  Deno.test(`DER encodes ${name}`, () => assert.equal(bytes.toHex(), hex));
}
