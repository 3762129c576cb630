import assert from "node:assert/strict";
import { hex, join } from "../fakes.ts";
import { EchoUser, meet, said } from "./conversation.ts";
import { close, closeCode, frame } from "./peer.ts";

const decoder = new TextDecoder();

const valid = [
  "48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121",
  "cebae1bdb9cf83cebcceb5",
  "00",
  "7f",
  "c280",
  "dfbf",
  "e0a080",
  "ed9fbf",
  "ee8080",
  "efbfbf",
  "efbfbd",
  "efbfbe",
  "f0908080",
  "f48fbfbf",
  "f09fbfbe",
  "f0bfbfbf",
  "f3bfbfbf",
  "efbbbf61",
];

const invalid = [
  "cebae1bdb9cf83cebcceb5eda080656469746564",
  "80",
  "bf",
  "8080",
  "80bf80",
  "c0",
  "c1",
  "c080",
  "c1bf",
  "c2",
  "c220",
  "df",
  "e0",
  "e08080",
  "e09fbf",
  "e0a0",
  "e1",
  "eda080",
  "edafbf",
  "edb080",
  "edbfbf",
  "eda080edb080",
  "edafbfedbfbf",
  "ef",
  "efbf",
  "f0",
  "f0808080",
  "f08fbfbf",
  "f09080",
  "f4908080",
  "f5",
  "f5808080",
  "f7bfbfbf",
  "f8",
  "f888808080",
  "fbbfbfbfbf",
  "fc8480808080",
  "fdbfbfbfbfbf",
  "fe",
  "ff",
  "fefeffff",
];

for (const digits of valid) {
  Deno.test(`RFC 6455 §8.1: ${digits} is text, however it is cut`, () => {
    const bytes = hex(digits), answer = [`text ${decoder.decode(bytes)}`];
    assert.deepEqual(said([frame(1, bytes)], Infinity).map(bare), answer.map(bare));
    assert.deepEqual(said([frame(1, bytes)], 1).map(bare), answer.map(bare));
    assert.deepEqual(said(octets(bytes), Infinity).map(bare), answer.map(bare));
  });
}

for (const digits of invalid) {
  Deno.test(`RFC 6455 §8.1: ${digits} is no text, however it is cut`, () => {
    const bytes = hex(digits);
    for (const [frames, step] of [[[frame(1, bytes)], Infinity], [[frame(1, bytes)], 1]] as const) {
      assert.deepEqual(said(frames, step), ["close 1007"]);
    }
    assert.deepEqual(said([...octets(bytes), close(1000)], Infinity), ["close 1007"]);
  });
}

const good = hex("cebae1bdb9cf83cebcceb5"), rest = hex("656469746564");

Deno.test("What can be no text any more ends the WebSocket at that byte, not at the end of its frame", () => {
  for (
    const [bad, at] of [["f4908080", 2], ["eda080", 2], ["ff", 1], ["c080", 1], [
      "c220",
      2,
    ]] as const
  ) {
    const whole = frame(1, join([good, hex(bad), rest]));
    const header = whole.length - good.length - hex(bad).length - rest.length;
    const stage = meet(new EchoUser());
    stage.feed(whole.subarray(0, header + good.length + at - 1));
    assert.equal(stage.closed, false, bad);
    stage.feed(whole.subarray(header + good.length + at - 1, header + good.length + at));
    assert.equal(closeCode(stage), "close 1007", bad);
  }
});

Deno.test("… and in the middle of a message, not with its last fragment", () => {
  const stage = meet(new EchoUser());
  stage.feed(frame(1, good, { final: false }));
  assert.equal(stage.closed, false);
  stage.feed(frame(0, hex("f490"), { final: false }));
  assert.equal(closeCode(stage), "close 1007");
});

Deno.test("A character that is cut by the end of its message is no text", () => {
  for (const cut of ["ce", "e1bd", "f09fbf"]) {
    const stage = meet(new EchoUser());
    stage.feed(frame(1, hex(cut), { final: false }));
    assert.equal(stage.closed, false);
    stage.feed(frame(0, ""));
    assert.equal(closeCode(stage), "close 1007", cut);
  }
});

function octets(bytes: Uint8Array): Uint8Array[] {
  return [...bytes].map((byte, at) =>
    frame(at === 0 ? 1 : 0, Uint8Array.of(byte), { final: at === bytes.length - 1 })
  );
}

/** Both ways of reading a byte order mark are told alike here. */
function bare(line: string): string {
  return line.replace("\ufeff", "");
}
