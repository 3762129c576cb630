import assert from "node:assert/strict";
import { StoreError } from "../../../actors/store/store_error.ts";
import { type PackedMessage, PackedWriter, unpacked } from "../../../actors/store/packed.ts";
import { dice } from "../../protocols/mqtt/dice.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

const cases: PackedMessage[] = [
  { number: 7, topic: "a/b", payload: bytes("1"), flags: 0, time: 0, extra: null },
  { number: 8, topic: "a/b", payload: bytes(""), flags: 63, time: 2 ** 48 - 1, extra: null },
  {
    number: 4_294_967_303,
    topic: "\ufeffä/€",
    payload: bytes("23"),
    flags: 9,
    time: 5,
    extra: "{}",
  },
  {
    number: 4_294_967_304,
    topic: "c",
    payload: new Uint8Array(70_000).fill(255),
    flags: 1,
    time: 1_732_147_200_000,
    extra: '{"contentType":"text/plain"}',
  },
];

function pack(messages: readonly PackedMessage[]): Uint8Array {
  const writer = new PackedWriter();
  writer.messages(messages, messages[0]!.number);
  return writer.bytes.slice();
}

/** Messages, or words about what is wrong with the bytes. */
function isRead(packed: Uint8Array): boolean {
  try {
    unpacked(packed, 7);
    return true;
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    assert.match(error.message, /^Cannot read message \d+: \d+ bytes are missing at \d+ of \d+$/);
    return false;
  }
}

Deno.test("Messages come out of a row as they went in", () => {
  assert.deepEqual(unpacked(pack(cases), 7), cases);
});

Deno.test("A row cut short anywhere, or with any byte flipped, is read or said to be damaged", () => {
  const packed = pack(cases.slice(0, 3));
  let whole = 0;
  for (let length = 0; length < packed.length; length++) {
    if (isRead(packed.subarray(0, length))) whole++;
  }
  // After each message, and before the first.
  assert.equal(whole, 3);
  for (let at = 0; at < packed.length; at++) {
    const flipped = packed.slice();
    flipped[at]! ^= 0xff;
    isRead(flipped);
  }
  const roll = dice(1);
  for (let round = 0; round < 1000; round++) {
    isRead(Uint8Array.from({ length: roll(60) }, () => roll(256)));
  }
});
