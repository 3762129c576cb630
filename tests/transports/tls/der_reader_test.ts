import assert from "node:assert/strict";
import { explicit, integer, objectId, sequence, time, yes } from "../../../actors/cert/der.ts";
import {
  bitsOf,
  DerReader,
  explicitTag,
  integerOf,
  objectIdOf,
  Tag,
  timeOf,
} from "../../../transports/tls/der_reader.ts";

const from = (hex: string) => new DerReader(Uint8Array.fromHex(hex));

for (
  const id of ["1.2.840.10045.4.3.2", "2.5.4.3", "2.16.840.1.101.3.4.2.1", "0.9.2342", "2.999"]
) {
  Deno.test(`DerReader reads the object identifier ${id} as it was written`, () => {
    assert.equal(objectIdOf(new DerReader(objectId(id)).take("it", Tag.objectId).body), id);
  });
}

for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
  Deno.test(`DerReader reads a value of ${length} bytes as it was written`, () => {
    const inner = new Uint8Array(length), reader = new DerReader(sequence(inner));
    assert.deepEqual(reader.take("it", Tag.sequence).body, inner);
    reader.finish("it");
  });
}

const times: [date: string, tag: number][] = [
  ["1950-01-01T00:00:00.000Z", Tag.utcTime],
  ["2026-02-28T23:59:59.000Z", Tag.utcTime],
  ["2049-12-31T23:59:59.000Z", Tag.utcTime],
  ["2050-01-01T00:00:00.000Z", Tag.generalizedTime],
  ["2096-02-29T12:34:56.000Z", Tag.generalizedTime],
];
for (const [date, tag] of times) {
  Deno.test(`DerReader reads the time ${date} as it was written`, () => {
    const value = new DerReader(time(new Date(date))).take("it", tag);
    assert.equal(new Date(timeOf(value)).toISOString(), date);
  });
}

Deno.test("DerReader reads what is there, and what is not", () => {
  const reader = new DerReader(sequence(explicit(0, integer(Uint8Array.of(2))), yes()));
  const inside = reader.open("it");
  assert.equal(inside.maybe("a time", Tag.utcTime), undefined);
  const version = new DerReader(inside.maybe("the version", explicitTag(0))!);
  assert.equal(integerOf(version.take("the version", Tag.integer).body), "02");
  assert.equal(inside.sees(Tag.integer, Tag.boolean), true);
  assert.throws(() => inside.finish("it"), /there is more in it than belongs there/);
  assert.deepEqual([...inside.take("yes", Tag.boolean).raw], [1, 1, 255]);
  assert.throws(() => inside.take("the rest", Tag.set), /the rest is missing: the end is in its/);
});

const wrong: [what: string, hex: string, said: RegExp][] = [
  ["nothing", "", /it is missing: the end/],
  ["another type", "0500", /it is missing: a value of type 5/],
  ["a tag alone", "30", /it is cut off/],
  ["a length that is cut off", "3082", /it is cut off/],
  ["less than its length", "30020500".slice(0, 6), /it is cut off/],
  ["more than there is", "3084ffffffff", /it is cut off/],
  ["an indefinite length", "30800000", /length that is not DER/],
  ["a length of five digits", "30850000000001", /length that is not DER/],
  ["a length with a digit too many", "30810500", /length that is not DER/],
  ["a length with a zero before it", `30820080${"00".repeat(128)}`, /length that is not DER/],
];
for (const [what, hex, said] of wrong) {
  Deno.test(`DerReader refuses ${what}`, () => {
    assert.throws(() => from(hex).take("it", Tag.sequence), said);
  });
}

const text = (tag: number, text: string) => ({
  tag,
  body: new TextEncoder().encode(text),
  raw: new Uint8Array(),
});
const faulty: [what: string, read: () => unknown, said: RegExp][] = [
  ["an empty object identifier", () => objectIdOf(new Uint8Array()), /cut off/],
  ["half an object identifier", () => objectIdOf(Uint8Array.of(0x2a, 0x86)), /cut off/],
  ["an endless arc", () => objectIdOf(new Uint8Array(20).fill(0xff)), /too long/],
  ["an empty number", () => integerOf(new Uint8Array()), /no digits/],
  ["bits that are no bytes", () => bitsOf(Uint8Array.of(3, 8)), /not of whole bytes/],
  ["an empty bit string", () => bitsOf(new Uint8Array()), /not of whole bytes/],
  ["a time without seconds", () => timeOf(text(Tag.utcTime, "2601010000Z")), /not UTC/],
  ["a time of a zone", () => timeOf(text(Tag.utcTime, "260101000000+0100")), /not UTC/],
  ["four digits of a year", () => timeOf(text(Tag.utcTime, "20260101000000Z")), /not UTC/],
  ["two of them", () => timeOf(text(Tag.generalizedTime, "260101000000Z")), /not UTC/],
  ["30 February", () => timeOf(text(Tag.utcTime, "260230000000Z")), /not in the calendar/],
];
for (const [what, read, said] of faulty) {
  Deno.test(`DerReader refuses ${what}`, () => void assert.throws(read, said));
}

Deno.test("A number is the same with zeros before it", () => {
  const numbers = [[7], [0, 7], [0, 0, 7]].map((each) => integerOf(Uint8Array.from(each)));
  assert.deepEqual(numbers, ["07", "07", "07"]);
  assert.equal(integerOf(Uint8Array.of(0)), "00");
});
