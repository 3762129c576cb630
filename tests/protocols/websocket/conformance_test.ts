import assert from "node:assert/strict";
import { opcodes } from "../../../protocols/websocket/frames/codes.ts";
import { hex } from "../fakes.ts";
import { rawFrame, said } from "./conversation.ts";
import { close, frame, text } from "./peer.ts";

const { binary, ping, pong } = opcodes;
const part = (opcode: number, payload = "") => frame(opcode, payload, { final: false });
const end = (payload = "") => frame(0, payload);
const letters = (count: number) => "*".repeat(count);
const bytes = (count: number) => new Uint8Array(count).fill(0xfe);
const bye = "close 1000";
const wrong = "close 1002";

type Row = [name: string, frames: Uint8Array[], answer: string[]];

const framing: Row[] = [0, 125, 126, 127, 128, 65535, 65536].flatMap((size) =>
  [
    [`a text of ${size} bytes`, [text(letters(size))], [`text ${letters(size)}`]],
    [
      `a binary of ${size} bytes`,
      [frame(binary, bytes(size))],
      [`binary ${bytes(size).toHex()}`.trimEnd()],
    ],
  ] as Row[]
);

const pings: Row[] = [
  ["an empty ping", [frame(ping)], ["pong"]],
  ["a ping with text", [frame(ping, "hi")], ["pong 6869"]],
  ["a ping with bytes", [frame(ping, hex("00 ff fe"))], ["pong 00fffe"]],
  ["a ping of 125 bytes", [frame(ping, bytes(125))], [`pong ${bytes(125).toHex()}`]],
  ["a ping of 126 bytes", [frame(ping, bytes(126))], [wrong]],
  ["a pong nobody asked for", [frame(pong)], []],
  ["a pong with payload", [frame(pong, "hi")], []],
  ["a pong, then a ping", [frame(pong, "x"), frame(ping, "y")], ["pong 79"]],
  [
    "ten pings",
    Array.from({ length: 10 }, (_, at) => frame(ping, `${at}`)),
    Array.from({ length: 10 }, (_, at) => `pong 3${at}`),
  ],
];

const reserved: Row[] = [1, 2, 3, 4, 5, 6, 7].flatMap((bits) =>
  [opcodes.text, binary, ping, pong, opcodes.close].map((opcode): Row => [
    `reserved bits ${bits} on opcode ${opcode}`,
    [text("first"), rawFrame(0x80 | bits << 4 | opcode, ""), frame(ping)],
    ["text first", wrong],
  ])
);

const unknown: Row[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode): Row[] => [
  [`opcode ${opcode}`, [rawFrame(0x80 | opcode)], [wrong]],
  [
    `opcode ${opcode} with payload, behind a text`,
    [text("first"), rawFrame(0x80 | opcode, "x"), frame(ping)],
    ["text first", wrong],
  ],
]);

const fragments: Row[] = [
  ["a ping in two fragments", [part(ping, "a"), end("b")], [wrong]],
  ["a pong in two fragments", [part(pong, "a"), end("b")], [wrong]],
  ["a text in two fragments", [part(1, "fragment1"), end("fragment2")], [
    "text fragment1fragment2",
  ]],
  ["a ping between them", [part(1, "a"), frame(ping, "p"), end("b")], ["pong 70", "text ab"]],
  ["a pong between them", [part(1, "a"), frame(pong, "p"), end("b")], ["text ab"]],
  ["empty fragments", [part(1), part(0), end()], ["text "]],
  ["an empty last fragment", [part(1, "a"), end()], ["text a"]],
  ["the end of nothing", [end("x"), text("y")], [wrong]],
  ["a continuation of nothing", [part(0, "x"), text("y")], [wrong]],
  ["another behind a message", [part(1, "a"), end("b"), part(0, "x")], ["text ab", wrong]],
  ["an end behind a message", [part(1, "a"), end("b"), end("x")], ["text ab", wrong]],
  ["a second beginning", [part(1, "a"), text("b")], [wrong]],
  ["a second beginning of binary", [part(1, "a"), frame(binary, "b")], [wrong]],
  [
    "five fragments with pings between them",
    [
      part(1, "1"),
      part(0, "2"),
      frame(ping, "x"),
      part(0, "3"),
      frame(ping, "y"),
      part(0, "4"),
      end("5"),
    ],
    ["pong 78", "pong 79", "text 12345"],
  ],
  ["a close between fragments", [part(1, "a"), close(1000), end("b")], [bye]],
];

const closing: Row[] = [
  ["a text, then a close", [text("a"), close(1000)], ["text a", bye]],
  ["two closes", [close(1000), close(1000)], [bye]],
  ["a ping behind a close", [close(1000), frame(ping, "x")], [bye]],
  ["a text behind a close", [close(1000), text("x")], [bye]],
  ["a fragment, a close, the rest", [part(1, "a"), close(1000), end("b")], [bye]],
  ["256 KiB, a close, a ping", [text(letters(1 << 18)), close(1000), frame(ping)], [
    `text ${letters(1 << 18)}`,
    bye,
  ]],
  ["an empty close", [close()], ["close"]],
  ["a close of one byte", [frame(opcodes.close, "x")], [wrong]],
  ["a close with a reason", [close(1000, "Hello World!")], [bye]],
  ["a reason of 123 bytes", [close(1000, letters(123))], [bye]],
  ["a reason of 124 bytes", [close(1000, letters(124))], [wrong]],
  ["a reason that is not UTF-8", [frame(opcodes.close, hex("03e8 cebae1bdb9cf83ceedab80"))], [
    "close 1007",
  ]],
  ...[
    1000,
    1001,
    1002,
    1003,
    1007,
    1008,
    1009,
    1010,
    1011,
    1012,
    1013,
    1014,
    3000,
    3999,
    4000,
    4999,
  ]
    .map((code): Row => [`close code ${code}`, [close(code)], [`close ${code}`]]),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]
    .map((code): Row => [`close code ${code}, which may not be sent`, [close(code)], [wrong]]),
];

const groups = { framing, pings, reserved, unknown, fragments, closing };
for (const [group, rows] of Object.entries(groups)) {
  for (const [name, frames, answer] of rows) {
    Deno.test(`RFC 6455, ${group}: ${name}`, () => {
      const total = frames.reduce((sum, each) => sum + each.length, 0);
      for (const step of total < 1000 ? [Infinity, 1, 7] : [Infinity, 997]) {
        assert.deepEqual(said(frames, step), answer, `in steps of ${step}`);
      }
    });
  }
}
