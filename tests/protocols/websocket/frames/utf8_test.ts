import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { Utf8Check } from "../../../../protocols/websocket/frames/utf8.ts";
import { bytes, hex, join } from "../../fakes.ts";
import { randoms } from "../peer.ts";

const valid: [name: string, digits: string][] = [
  ["nothing", ""],
  ["ASCII with NUL", "00 41 7f"],
  ["the first of two bytes", "c280"],
  ["the last of two bytes", "dfbf"],
  ["the first of three bytes", "e0a080"],
  ["the last before the surrogates", "ed9fbf"],
  ["the first after the surrogates", "ee8080"],
  ["the last of three bytes", "efbfbf"],
  ["the first of four bytes", "f0908080"],
  ["the last character", "f48fbfbf"],
  ["a byte order mark", "efbbbf"],
  ["a Greek word", "cebae1bdb9cf83cebcceb5"],
];

/** `fails` is how many bytes can be read before it is certain. */
const broken: [name: string, digits: string, fails: number][] = [
  ["a lone continuation byte", "80", 1],
  ["an overlong NUL", "c080", 1],
  ["an overlong slash", "c1bf", 1],
  ["an overlong character of three bytes", "e09fbf", 2],
  ["a surrogate", "eda080", 2],
  ["an overlong character of four bytes", "f08fbfbf", 2],
  ["a character past the last", "f4908080", 2],
  ["a first byte of five", "f888808080", 1],
  ["a first byte of six", "fc8480808080", 1],
  ["0xfe", "fe", 1],
  ["0xff", "ff", 1],
  ["a character cut by ASCII", "ce41", 2],
  ["a character cut by another", "e1bdce", 3],
  ["a continuation byte too many", "ceba80", 3],
];

for (const [name, digits] of valid) {
  Deno.test(`Utf8Check accepts ${name}`, () => {
    for (const around of ["", "a".repeat(70)]) {
      const whole = join([bytes(around), hex(digits), bytes(around)]);
      const check = new Utf8Check();
      assert(check.push(whole));
      assert(check.whole);
      assert.equal(failsAt(whole), undefined);
    }
  });
}

for (const [name, digits, fails] of broken) {
  Deno.test(`Utf8Check refuses ${name} at the first byte that settles it`, () => {
    for (const around of ["", "a".repeat(70), "é".repeat(70)]) {
      const before = bytes(around);
      const whole = join([before, hex(digits), before]);
      assert.equal(failsAt(whole), before.length + fails);
      assert(!new Utf8Check().push(whole));
    }
  });
}

Deno.test("Utf8Check is not whole in the middle of a character", () => {
  for (const character of ["é", "€", "😀"]) {
    const all = bytes("x".repeat(100) + character);
    for (let cut = 101; cut < all.length; cut++) {
      const check = new Utf8Check();
      assert(check.push(all.subarray(0, cut)));
      assert(!check.whole);
      assert(check.push(all.subarray(cut)));
      assert(check.whole);
    }
  }
});

Deno.test("Utf8Check stays broken", () => {
  const check = new Utf8Check();
  assert(!check.push(hex("ff")));
  assert(!check.push(bytes("good")));
  assert(!check.push(bytes("good".repeat(50))));
  assert(!check.whole);
});

Deno.test("Utf8Check agrees with the built-in check on 100,000 random inputs in random pieces", () => {
  const seed = Date.now() >>> 0;
  const random = randoms(seed);
  const letters = [..."aé€😀"].map(bytes);
  for (let round = 0; round < 100_000; round++) {
    const count = random(10) === 0 ? 100 : random(8);
    const whole = join(Array.from({ length: count }, () => letters[random(4)]!));
    if (whole.length > 0 && random(2) === 0) whole[random(whole.length)] = random(256);
    const check = new Utf8Check();
    let accepted = true;
    for (let at = 0; at < whole.length;) {
      const end = Math.min(whole.length, at + 1 + random(whole.length));
      accepted = check.push(whole.subarray(at, end));
      at = end;
    }
    assert.equal(accepted && check.whole, isUtf8(whole), `seed ${seed}, round ${round}`);
  }
});

/** How many bytes went in until it was refused. */
function failsAt(whole: Uint8Array): number | undefined {
  const check = new Utf8Check();
  for (let at = 0; at < whole.length; at++) {
    if (!check.push(whole.subarray(at, at + 1))) return at + 1;
  }
  return undefined;
}
