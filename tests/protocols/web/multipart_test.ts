import assert from "node:assert/strict";
import { ProtocolError } from "../../../protocols/session.ts";
import {
  boundaryOf,
  multipartDefaults,
  type MultipartLimits,
  MultipartReader,
} from "../../../protocols/web/multipart.ts";
import { randoms } from "../websocket/peer.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder("latin1");

/** The parts of a body fed `step` bytes at a time, in words; throws what the reader throws. */
function parts(
  body: string | Uint8Array,
  step = Infinity,
  limits: Partial<MultipartLimits> = {},
): string[] {
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const reader = new MultipartReader("b", { ...multipartDefaults, ...limits });
  const found: string[] = [];
  let content = "";
  for (let at = 0; at < bytes.length; at += step) {
    for (const event of reader.push(bytes.subarray(at, at + step))) {
      if (event === "end") found[found.length - 1] += ` ${JSON.stringify(content)}`;
      else if (event instanceof Uint8Array) content += decoder.decode(event);
      else {
        content = "";
        found.push([event.name, event.filename, event.contentType].join("|"));
      }
    }
  }
  reader.end();
  return found;
}

function field(name: string, value: string, more = ""): string {
  return `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
}

const cases: [name: string, body: string, parts: string[]][] = [
  ["one field", field("a", "1") + "--b--\r\n", ['a||text/plain "1"']],
  ["no line end behind the last boundary", field("a", "1") + "--b--", ['a||text/plain "1"']],
  ["an empty field", field("a", "") + "--b--", ['a||text/plain ""']],
  ["no part", "--b--\r\n", []],
  ["two fields", field("a", "1") + field("b", "2") + "--b--", [
    'a||text/plain "1"',
    'b||text/plain "2"',
  ]],
  ["a preamble and an epilogue", `hello\r\n${field("a", "1")}--b--\r\nbye`, ['a||text/plain "1"']],
  [
    "a file with a type",
    field("f", "x", '; filename="a.bin"\r\nContent-Type: image/png') + "--b--",
    ['f|a.bin|image/png "x"'],
  ],
  ["an empty file name", field("f", "", '; filename=""') + "--b--", ['f||text/plain ""']],
  ["names with quotes and line ends", field("a%22b", "1", '; filename="c%0D%0A.txt"') + "--b--", [
    'a"b|c\r\n.txt|text/plain "1"',
  ]],
  ["content that looks like a boundary", field("a", "\r\n--\r\n-b\r\n--a\r\n") + "--b--", [
    'a||text/plain "\\r\\n--\\r\\n-b\\r\\n--a\\r\\n"',
  ]],
  ["content that begins with a boundary inside a line", field("a", "x--b--") + "--b--", [
    'a||text/plain "x--b--"',
  ]],
  ["padding behind boundaries", field("a", "1").replace("--b\r", "--b \t\r") + "--b--", [
    'a||text/plain "1"',
  ]],
  ["content of line ends", field("a", "\r\r\n\n\r") + "--b--", ['a||text/plain "\\r\\r\\n\\n\\r"']],
];
for (const [name, body, expected] of cases) {
  Deno.test(`MultipartReader reads ${name}, however it comes`, () => {
    for (const step of [Infinity, 1, 2, 3, 7, 20]) assert.deepEqual(parts(body, step), expected);
  });

  Deno.test(`MultipartReader misses the end of ${name} wherever it is cut`, () => {
    const end = body.lastIndexOf("--b--") + 5;
    for (let cut = 0; cut < end; cut++) {
      assert.throws(() => parts(body.slice(0, cut)), ProtocolError, `${cut} bytes`);
    }
  });

  Deno.test(`MultipartReader takes ${name} with any byte changed, or refuses it`, () => {
    const bytes = encoder.encode(body);
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 0x20, 0x80, 0xff]) {
        const changed = bytes.slice();
        changed[at]! ^= flip;
        onlyProtocolErrors(changed);
      }
    }
  });
}

function onlyProtocolErrors(bytes: Uint8Array, step = Infinity): void {
  try {
    parts(bytes, step);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

Deno.test("MultipartReader takes random bytes, or refuses them", () => {
  const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1e6), random = randoms(seed);
  const words = [
    "--b",
    "--b--",
    "\r\n",
    "\r\n\r\n",
    "Content-Disposition: form-data; name=a",
    "x",
    "-",
    "\r",
  ];
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: random(12) }, () => words[random(words.length)]).join("");
    try {
      onlyProtocolErrors(encoder.encode(text), 1 + random(20));
    } catch (error) {
      throw new Error(`seed ${seed}, ${JSON.stringify(text)}`, { cause: error });
    }
  }
});

const refused: [name: string, body: string, limits: Partial<MultipartLimits>, status: number][] = [
  ["more parts than the limit", field("a", "") + field("b", "") + "--b--", { maxParts: 1 }, 413],
  [
    "a header over the limit",
    field("a".repeat(100), "") + "--b--",
    { maxPartHeaderBytes: 99 },
    413,
  ],
  ["a header that never ends", "--b\r\n" + "a".repeat(10_000), {}, 413],
  ["a part without a name", "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--", {}, 400],
  ["a part without a header", "--b\r\n\r\nx\r\n--b--", {}, 400],
  ["something behind a boundary", "--bx\r\n", {}, 400],
  ["a boundary with too much behind it", "--b" + " ".repeat(70), {}, 400],
];
for (const [name, body, limits, status] of refused) {
  Deno.test(`MultipartReader refuses ${name} with ${status}`, () => {
    for (const step of [Infinity, 1]) {
      assert.throws(() => parts(body, step, limits), (error) => {
        assert.ok(error instanceof ProtocolError);
        assert.equal(error.code, status);
        return true;
      });
    }
  });
}

const boundaries: [contentType: string, boundary: string | undefined][] = [
  ["multipart/form-data; boundary=abc", "abc"],
  ['Multipart/Form-Data; charset=utf-8; boundary="a b"', "a b"],
  ["multipart/form-data", undefined],
  ["multipart/form-data; boundary=", undefined],
  ["multipart/form-data; boundary=" + "x".repeat(71), undefined],
  ['multipart/form-data; boundary="a "', undefined],
  ["multipart/mixed; boundary=abc", undefined],
  ["text/plain", undefined],
];
for (const [contentType, boundary] of boundaries) {
  Deno.test(`boundaryOf() finds ${boundary} in "${contentType.slice(0, 60)}"`, () => {
    assert.equal(boundaryOf(contentType), boundary);
  });
}
