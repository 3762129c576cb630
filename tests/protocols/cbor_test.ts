import assert from "node:assert/strict";
import { type CborValue, decodeCbor, Tagged } from "../../protocols/cbor.ts";
import { encodeCbor } from "../../protocols/cbor_writer.ts";
import { ProtocolError } from "../../protocols/session.ts";
import { seeded } from "./coap/fake_datagrams.ts";
import { bytes, hex } from "./fakes.ts";

const CODE = 0x80;

/** Most of these are in RFC 8949, appendix A. */
const cases: [name: string, digits: string, value: CborValue][] = [
  ["0", "00", 0],
  ["23", "17", 23],
  ["24", "1818", 24],
  ["255", "18ff", 255],
  ["1000", "1903e8", 1000],
  ["1000000", "1a000f4240", 1_000_000],
  ["4294967295", "1affffffff", 2 ** 32 - 1],
  ["1000000000000", "1b000000e8d4a51000", 1e12],
  ["2^53 - 1", "1b001fffffffffffff", Number.MAX_SAFE_INTEGER],
  ["-1", "20", -1],
  ["-1000", "3903e7", -1000],
  ["1.1", "fb3ff199999999999a", 1.1],
  ["no bytes", "40", hex("")],
  ["4 bytes", "4401020304", hex("01020304")],
  ["no text", "60", ""],
  ["text", "6449455446", "IETF"],
  ["text beyond ASCII", "62c3bc", "ü"],
  ["text of 24 bytes", `7818${"61".repeat(24)}`, "a".repeat(24)],
  ["an empty array", "80", []],
  ["arrays in one another", "8301820203820405", [1, [2, 3], [4, 5]]],
  ["an empty map", "a0", new Map()],
  ["a map with integers", "a201020304", new Map([[1, 2], [3, 4]])],
  ["a map with text", "a26161016162820203", new Map<string, CborValue>([["a", 1], ["b", [2, 3]]])],
  ["a key below 0", "a12001", new Map([[-1, 1]])],
  ["a date", "c11a514b67b0", new Tagged(1, 1363896240)],
  ["a high tag", "d9d9f700", new Tagged(55799, 0)],
  ["false", "f4", false],
  ["true", "f5", true],
  ["null", "f6", null],
];

for (const [name, digits, value] of cases) {
  Deno.test(`decodeCbor reads ${name}, and encodeCbor writes it`, () => {
    assert.deepEqual(decodeCbor(hex(digits), CODE), value);
    assert.deepEqual(encodeCbor(value), hex(digits));
  });
}

const longer: [name: string, digits: string, value: CborValue][] = [
  ["0 in two bytes", "1800", 0],
  ["0 in nine bytes", "1b0000000000000000", 0],
  ["1.0 in 16 bits", "f93c00", 1],
  ["65504 in 16 bits", "f97bff", 65504],
  ["the least number of 16 bits", "f90001", 5.960464477539063e-8],
  ["-4.0 in 16 bits", "f9c400", -4],
  ["infinity in 16 bits", "f97c00", Infinity],
  ["100000.0 in 32 bits", "fa47c35000", 100000],
  ["a date with a fraction", "c1fb41d452d9ec200000", new Tagged(1, 1363896240.5)],
];

for (const [name, digits, value] of longer) {
  Deno.test(`decodeCbor reads ${name}`, () => {
    assert.deepEqual(decodeCbor(hex(digits), CODE), value);
  });
}

Deno.test("decodeCbor reads a number that is none, and -0", () => {
  assert.ok(Number.isNaN(decodeCbor(hex("f97e00"), CODE)));
  assert.ok(Object.is(decodeCbor(encodeCbor(-0), CODE), -0));
});

const faults: [name: string, digits: string, reason: RegExp][] = [
  ["nothing", "", /Cannot read 1 bytes at 0/],
  ["two items", "0000", /1 bytes follow the item/],
  ["a text that ends early", "6261", /Cannot read 2 bytes/],
  ["a text that is not UTF-8", "61ff", /a text is not UTF-8/],
  ["a length that nobody has", "5bffffffffffffffff", /an integer is beyond 2\^53/],
  ["a long length", "5b001fffffffffffff", /Cannot read \d+ bytes/],
  ["an array longer than it is", "9affffffff00", /Cannot read 1 bytes/],
  ["an integer beyond 2^53", "1b0020000000000000", /beyond 2\^53/],
  ["an integer below -2^53", "3b001fffffffffffff", /beyond 2\^53/],
  ["bytes without a length", "5f41ff", /an item has no definite length/],
  ["an array without a length", "9f01ff", /an item has no definite length/],
  ["a break", "ff", /31 is no simple value/],
  ["reserved bits", "1c", /28 is reserved/],
  ["undefined", "f7", /23 is no simple value/],
  ["a simple value", "f8ff", /24 is no simple value/],
  ["a key twice", "a201020103", /the key 1 is there twice/],
  ["a key of another length twice", "a20102180103", /the key 1 is there twice/],
  ["a key of bytes", "a1410101", /a key is neither an integer nor text/],
  ["a key with a fraction", "a1fb3ff199999999999a01", /a key is neither an integer nor text/],
  ["too many levels", `${"81".repeat(8)}00`, /more than 8 levels/],
  ["too many tags", `${"c1".repeat(8)}00`, /more than 8 levels/],
  ["too many items", `990400${"00".repeat(1024)}`, /more than 1024 items/],
];

for (const [name, digits, reason] of faults) {
  Deno.test(`decodeCbor refuses ${name}`, () => {
    assert.throws(() => decodeCbor(hex(digits), CODE), (error) => {
      assert.ok(error instanceof ProtocolError);
      assert.equal(error.code, CODE);
      assert.match(error.message, reason);
      return true;
    });
  });
}

/** Reads what may be anything: a value that can be written and read again, or a `ProtocolError`. */
function probe(input: Uint8Array): void {
  let value: CborValue;
  try {
    value = decodeCbor(input, CODE);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return;
  }
  assert.deepEqual(decodeCbor(encodeCbor(value), CODE), value);
}

Deno.test("decodeCbor refuses every item that is cut, and survives every byte that is flipped", () => {
  for (const [name, digits] of [...cases, ...longer]) {
    const whole = hex(digits);
    for (let end = 0; end < whole.length; end++) {
      assert.throws(() => decodeCbor(whole.subarray(0, end), CODE), ProtocolError, name);
    }
    for (let at = 0; at < whole.length; at++) {
      for (let bits = 1; bits < 256; bits++) {
        const flipped = whole.slice();
        flipped[at]! ^= bits;
        probe(flipped);
      }
    }
  }
});

Deno.test("decodeCbor survives 50,000 times random bytes", () => {
  const random = seeded(18);
  for (let round = 0; round < 50_000; round++) {
    probe(Uint8Array.from({ length: random() * 40 }, () => random() * 256));
  }
});

Deno.test("encodeCbor writes what it reads, at random", () => {
  const random = seeded(8949);
  const leaf = (): CborValue =>
    [Math.floor(random() * 2 ** 40), "é".repeat(random() * 300), true, null, bytes("x")][
      Math.floor(random() * 5)
    ]!;
  const tree = (depth: number): CborValue => {
    if (depth === 0 || random() < 0.4) return leaf();
    const children = Array.from({ length: random() * 4 }, () => tree(depth - 1));
    if (random() < 0.3) return new Tagged(Math.floor(random() * 1e6), tree(depth - 1));
    return random() < 0.5
      ? children
      : new Map(children.map((child, index) => [index * 100, child]));
  };
  for (let round = 0; round < 2000; round++) {
    const value = tree(5);
    assert.deepEqual(decodeCbor(encodeCbor(value), CODE), value);
  }
});
