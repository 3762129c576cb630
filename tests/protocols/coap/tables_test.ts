import assert from "node:assert/strict";
import { formatOf, mediaTypeOf } from "../../../protocols/coap/messages/content_format.ts";
import {
  isCritical,
  Options,
  ruleOf,
  uint,
  uintOf,
} from "../../../protocols/coap/messages/options.ts";
import { hex } from "../fakes.ts";

Deno.test("formatOf finds the number that mediaTypeOf names, for every number", () => {
  for (let format = 0; format < 0x10000; format++) {
    assert.equal(formatOf(mediaTypeOf(format)), format);
  }
});

const types: [mediaType: string, format: number | undefined][] = [
  ["text/plain", 0],
  ["TEXT/Plain;charset=UTF-8", 0],
  ['text/plain; charset="utf-8"', 0],
  ["text/plain; charset=us-ascii", 0],
  ["text/plain; charset=iso-8859-1", undefined],
  ["application/json", 50],
  ["application/json; charset=utf-8", 50],
  ["application/cbor", 60],
  ["application/cose-key", 101],
  ["application/senml+json", 110],
  ["application/senml+cbor", 112],
  ["application/link-format", 40],
  ["application/xml", 41],
  ["application/octet-stream", 42],
  ["application/exi", 47],
  ['application/cose; cose-type="cose-sign1"', 18],
  ["application/coap-payload;cf=65001", 65001],
  ["application/coap-payload;cf=65536", undefined],
  ["application/coap-payload", undefined],
  ["text/html", undefined],
  ["", undefined],
];

for (const [mediaType, format] of types) {
  Deno.test(`formatOf says ${format} for "${mediaType}"`, () => {
    assert.equal(formatOf(mediaType), format);
  });
}

Deno.test("mediaTypeOf names a format without a media type as RFC 8075 does", () => {
  assert.equal(mediaTypeOf(60), "application/cbor");
  assert.equal(mediaTypeOf(65000), "application/coap-payload;cf=65000");
});

const integers: [value: number, digits: string][] = [
  [0, ""],
  [1, "01"],
  [255, "ff"],
  [256, "0100"],
  [65535, "ffff"],
  [65536, "010000"],
  [0xffffff, "ffffff"],
  [0xffffffff, "ffffffff"],
];

Deno.test("uint writes the shortest form, and uintOf reads it", () => {
  for (const [value, digits] of integers) {
    assert.deepEqual(uint(value), hex(digits));
    assert.equal(uintOf(hex(digits)), value);
  }
  assert.equal(uintOf(hex("00000005")), 5);
});

Deno.test("isCritical is true for odd numbers, and for those that must not be overlooked", () => {
  const names = ["ifMatch", "uriHost", "ifNoneMatch", "uriPath", "accept", "block1"] as const;
  for (const name of names) assert(isCritical(Options[name]), name);
  for (const name of ["etag", "observe", "contentFormat", "maxAge", "size1"] as const) {
    assert(!isCritical(Options[name]), name);
  }
});

Deno.test("ruleOf knows every named option and no other", () => {
  const known = new Set<number>(Object.values(Options));
  // These are of answers.
  for (const number of [Options.locationPath, Options.locationQuery]) known.delete(number);
  for (let number = 0; number < 300; number++) {
    assert.equal(ruleOf(number) !== undefined, known.has(number), String(number));
  }
  assert.deepEqual(ruleOf(Options.etag), {
    name: "ETag",
    min: 1,
    max: 8,
    repeatable: true,
  });
});
