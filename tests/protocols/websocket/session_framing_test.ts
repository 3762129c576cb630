import assert from "node:assert/strict";
import { defaults } from "../../../protocols/websocket/limits.ts";
import { bytes, hex, join, type Stage } from "../fakes.ts";
import { close, closeCode, echo, frame, lines, text } from "./peer.ts";

const CONTINUATION = 0, TEXT = 1, BINARY = 2, PING = 9, PONG = 10;
const more = { final: false };

/** What a conversation is answered with, whole and in pieces. */
type Case = [name: string, sent: Uint8Array[], answers: string[]];

const conversations: Case[] = [
  // Framing.
  ["an empty text", [text("")], ["text "]],
  ["a text", [text("hello")], ["text hello"]],
  ["an empty binary", [frame(BINARY)], ["binary"]],
  ["a binary of all bytes", [frame(BINARY, hex("00ff80"))], ["binary 00ff80"]],
  ["a mask of zeros", [frame(TEXT, "hello", { mask: [0, 0, 0, 0] })], ["text hello"]],
  ["many messages in one read", [text("a"), text("b"), text("c")], ["text a", "text b", "text c"]],
  // Pings and pongs.
  ["a ping without payload", [frame(PING)], ["pong"]],
  ["a ping with payload", [frame(PING, hex("00fffe"))], ["pong 00fffe"]],
  ["a ping of 125 bytes", [frame(PING, "x".repeat(125))], [`pong ${"78".repeat(125)}`]],
  ["a pong nobody asked for", [frame(PONG), frame(PONG, "x"), text("a")], ["text a"]],
  ["ten pings", Array(10).fill(frame(PING, "p")), Array(10).fill("pong 70")],
  ["a ping of 126 bytes", [frame(PING, "x".repeat(126))], ["close 1002"]],
  // Reserved bits and opcodes.
  ["the first reserved bit", [text("a"), frame(TEXT | 0x40, "b")], ["text a", "close 1002"]],
  ["the second reserved bit on a ping", [frame(PING | 0x20)], ["close 1002"]],
  ["all reserved bits on a close", [frame(8 | 0x70)], ["close 1002"]],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): Case => [
    `opcode ${opcode}`,
    [text("a"), frame(opcode, "b"), frame(PING)],
    ["text a", "close 1002"],
  ]),
  ["a frame without a mask", [hex("81 01 61")], ["close 1002"]],
  // Fragmentation.
  [
    "two fragments",
    [frame(TEXT, "hel", more), frame(CONTINUATION, "lo")],
    ["text hello"],
  ],
  [
    "empty fragments",
    [frame(TEXT, "", more), frame(CONTINUATION, "", more), frame(CONTINUATION, "")],
    ["text "],
  ],
  [
    "an empty last fragment",
    [frame(BINARY, "ab", more), frame(CONTINUATION, "")],
    ["binary 6162"],
  ],
  [
    "an empty first fragment",
    [frame(TEXT, "", more), frame(CONTINUATION, "ab", more), frame(CONTINUATION, "")],
    ["text ab"],
  ],
  [
    "a ping between fragments",
    [frame(TEXT, "hel", more), frame(PING, "p"), frame(CONTINUATION, "lo")],
    ["pong 70", "text hello"],
  ],
  [
    "a close between fragments",
    [frame(TEXT, "hel", more), close(1000), frame(CONTINUATION, "lo")],
    ["close 1000"],
  ],
  ["a fragmented ping", [frame(PING, "p", more), frame(CONTINUATION, "q")], ["close 1002"]],
  ["a fragmented pong", [frame(PONG, "p", more), frame(CONTINUATION, "q")], ["close 1002"]],
  ["a continuation of nothing", [frame(CONTINUATION, "a"), text("b")], ["close 1002"]],
  ["a fragment of nothing", [frame(CONTINUATION, "a", more), text("b")], ["close 1002"]],
  [
    "a continuation after the last",
    [frame(TEXT, "a", more), frame(CONTINUATION, "b"), frame(CONTINUATION, "c")],
    ["text ab", "close 1002"],
  ],
  ["a text between fragments", [frame(TEXT, "a", more), text("b")], ["close 1002"]],
  ["a binary between fragments", [frame(TEXT, "a", more), frame(BINARY, "b")], ["close 1002"]],
  // UTF-8.
  ["characters of all lengths", [text("aé€😀\0\u{10ffff}")], ["text aé€😀\0\u{10ffff}"]],
  [
    "a character cut by a fragment",
    [frame(TEXT, hex("f09f"), more), frame(PING), frame(CONTINUATION, hex("9880"))],
    ["pong", "text 😀"],
  ],
  [
    "a character cut at every byte",
    [...bytes("κόσμε")].map((byte, index, { length }) =>
      frame(index === 0 ? TEXT : CONTINUATION, Uint8Array.of(byte), { final: index === length - 1 })
    ),
    ["text κόσμε"],
  ],
  ["a text that is not UTF-8", [frame(TEXT, hex("cebaff"))], ["close 1007"]],
  ["a surrogate", [frame(TEXT, hex("eda080"))], ["close 1007"]],
  ["a text that ends in a character", [frame(TEXT, hex("61ce"))], ["close 1007"]],
  [
    "fragments that end in a character",
    [frame(TEXT, "a", more), frame(CONTINUATION, hex("ce"))],
    ["close 1007"],
  ],
  [
    "a fragment that is not UTF-8",
    [frame(TEXT, "a", more), frame(CONTINUATION, hex("ff"), more)],
    ["close 1007"],
  ],
  ["a binary that is not UTF-8", [frame(BINARY, hex("ff"))], ["binary ff"]],
  [
    "a text that is not UTF-8 after a binary that is not",
    [frame(BINARY, hex("ce")), frame(TEXT, hex("ba"))],
    ["binary ce", "close 1007"],
  ],
  // Close.
  ["a close that says nothing", [close()], ["close"]],
  ["a text after the close", [close(1000), text("a")], ["close 1000"]],
  ["a ping after the close", [close(1000), frame(PING)], ["close 1000"]],
  ["a reason of 123 bytes", [close(1000, "x".repeat(123))], ["close 1000"]],
  ["a reason of 124 bytes", [close(1000, "x".repeat(124))], ["close 1002"]],
  ["half a close code", [frame(8, hex("03"))], ["close 1002"]],
  ["a reason that is not UTF-8", [frame(8, hex("03e8 ff"))], ["close 1007"]],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((
    code,
  ): Case => [`close code ${code}`, [close(code, "bye")], [`close ${code}`]]),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((
    code,
  ): Case => [`close code ${code}`, [close(code)], ["close 1002"]]),
];

for (const [name, sent, answers] of conversations) {
  Deno.test(`WebSocketSession answers ${name}, whole and in pieces`, () => {
    for (const step of [Infinity, 1, 2, 3, 7]) {
      const stage = echo();
      stage.feed(join(sent), step);
      assert.deepEqual(answersOf(stage), answers, `in steps of ${step}`);
      assert.equal(stage.closed, answers.at(-1)!.startsWith("close"));
    }
  });
}

for (const size of [125, 126, 127, 128, 65535, 65536, 1 << 20]) {
  Deno.test(`WebSocketSession echoes a text and a binary of ${size} bytes`, () => {
    const stage = echo();
    stage.feed(text("*".repeat(size)), 1460);
    stage.feed(frame(BINARY, new Uint8Array(size)));
    assert.deepEqual(lines(stage.take()), [
      `text ${"*".repeat(size)}`,
      `binary ${"00".repeat(size)}`,
    ]);
  });
}

Deno.test("WebSocketSession refuses a message that is too big before it comes", () => {
  const stage = echo({ maxMessageBytes: 1000 });
  stage.feed(frame(BINARY, new Uint8Array(1000)));
  stage.feed(frame(BINARY, new Uint8Array(1001)).subarray(0, 8));
  assert.equal(closeCode(stage), "close 1009");
});

Deno.test("WebSocketSession refuses fragments that are too big together", () => {
  const stage = echo({ maxMessageBytes: 1000 });
  stage.feed(frame(BINARY, new Uint8Array(600), more));
  stage.feed(frame(CONTINUATION, new Uint8Array(400)));
  assert.equal(lines(stage.take()).length, 1);
  stage.feed(frame(BINARY, new Uint8Array(600), more));
  stage.feed(frame(CONTINUATION, new Uint8Array(401)).subarray(0, 8));
  assert.equal(closeCode(stage), "close 1009");
});

Deno.test("WebSocketSession makes a flood of tiny fragments count", () => {
  const most = defaults.maxMessageBytes / defaults.minFragmentBytes;
  for (const payload of ["", "x"]) {
    const stage = echo();
    stage.feed(join([
      frame(TEXT, payload, more),
      ...Array(most - 1).fill(frame(CONTINUATION, payload, more)),
    ]));
    assert(!stage.closed);
    stage.feed(join([frame(CONTINUATION, payload, more), frame(CONTINUATION, payload, more)]));
    assert.equal(closeCode(stage), "close 1009");
  }
});

Deno.test("WebSocketSession refuses text as soon as a byte is wrong, in the middle of a frame", () => {
  const stage = echo();
  const whole = frame(TEXT, join([bytes("good"), hex("ff"), new Uint8Array(5000)]));
  const headerBytes = 8;
  stage.feed(whole.subarray(0, headerBytes + 4), 1);
  assert(!stage.closed);
  stage.feed(whole.subarray(headerBytes + 4, headerBytes + 5));
  assert(stage.closed);
  assert.equal(closeCode(stage), "close 1007");
});

function answersOf(stage: Stage): string[] {
  return lines(stage.take()).map((line) => line.replace(/^(close \d+) .*/, "$1"));
}
