import assert from "node:assert/strict";
import { defaults } from "../../../../protocols/http/limits.ts";
import { BodyDecoder, framingOf } from "../../../../protocols/http/messages/body.ts";
import { Fields } from "../../../../protocols/http/messages/message.ts";
import { ProtocolError } from "../../../../protocols/session.ts";
import { bytes, join } from "../../fakes.ts";

function framing(fields: Record<string, string>, minor: 0 | 1 = 1) {
  const entries = Object.entries(fields);
  return framingOf({ method: "PUT", path: "/", query: "", minor, fields: new Fields(entries) });
}

const framings: readonly (readonly [
  name: string,
  fields: [string, string][],
  expected: number | "chunked" | { status: number },
  minor?: 0 | 1,
])[] = [
  ["no field", [], 0],
  ["a length", [["Content-Length", "42"]], 42],
  ["a length with zeros", [["Content-Length", "0042"]], 42],
  ["chunked", [["Transfer-Encoding", "chunked"]], "chunked"],
  ["Chunked", [["Transfer-Encoding", "Chunked"]], "chunked"],
  ["a signed length", [["Content-Length", "+42"]], { status: 400 }],
  ["a negative length", [["Content-Length", "-1"]], { status: 400 }],
  ["a hexadecimal length", [["Content-Length", "0x2a"]], { status: 400 }],
  ["an empty length", [["Content-Length", ""]], { status: 400 }],
  ["a length with a space", [["Content-Length", "4 2"]], { status: 400 }],
  ["two lengths", [["Content-Length", "42"], ["Content-Length", "43"]], { status: 400 }],
  ["the same length twice", [["Content-Length", "42"], ["Content-Length", "42"]], { status: 400 }],
  ["two lengths in one field", [["Content-Length", "42, 42"]], { status: 400 }],
  ["a length beyond all bounds", [["Content-Length", "9".repeat(30)]], { status: 413 }],
  [
    "a length and a coding",
    [["Content-Length", "3"], ["Transfer-Encoding", "chunked"]],
    { status: 400 },
  ],
  ["another coding", [["Transfer-Encoding", "gzip"]], { status: 501 }],
  ["two codings", [["Transfer-Encoding", "gzip, chunked"]], { status: 501 }],
  [
    "chunked twice",
    [["Transfer-Encoding", "chunked"], ["Transfer-Encoding", "chunked"]],
    { status: 501 },
  ],
  ["no coding by name", [["Transfer-Encoding", ""]], { status: 501 }],
  ["something like chunked", [["Transfer-Encoding", "xchunked"]], { status: 501 }],
  ["a coding in HTTP/1.0", [["Transfer-Encoding", "chunked"]], { status: 400 }, 0],
];

for (const [name, fields, expected, minor = 1] of framings) {
  Deno.test(`framingOf with ${name} is ${JSON.stringify(expected)}`, () => {
    const head = { method: "PUT", path: "/", query: "", minor, fields: new Fields(fields) };
    if (typeof expected !== "object") return assert.equal(framingOf(head), expected);
    assert.throws(
      () => framingOf(head),
      (error) => error instanceof ProtocolError && error.code === expected.status,
    );
  });
}

/** Feeds `steps` as they come, and returns the content and how many bytes it took. */
function decode(
  decoder: BodyDecoder,
  steps: readonly Uint8Array[],
): [content: string, used: number] {
  const pieces: Uint8Array[] = [];
  let rest = new Uint8Array(0), used = 0;
  for (const step of steps) {
    rest = join([rest, step]);
    for (let at = 0; !decoder.done;) {
      const next = decoder.step(rest, at);
      pieces.push(decoder.chunk.slice());
      if (next === at) break;
      used += next - at;
      at = next;
      if (decoder.done || at === rest.length) {
        rest = rest.slice(at);
        break;
      }
    }
  }
  return [new TextDecoder().decode(join(pieces)), used];
}

const chunked: readonly (readonly [name: string, text: string, content: string])[] = [
  ["nothing", "0\r\n\r\n", ""],
  ["one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"],
  ["two chunks", "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n", "hello, world"],
  [
    "hexadecimal sizes",
    "00A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n",
    "01234567890123456789",
  ],
  ["extensions", '5;a=b;c="d e"\r\nhello\r\n0 ; x\r\n\r\n', "hello"],
  ["trailers", "5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n", "hello"],
  ["line ends as content", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"],
];

for (const [name, text, content] of chunked) {
  Deno.test(`BodyDecoder finds ${name}, whole, cut and byte by byte`, () => {
    const whole = bytes(text);
    const rest = bytes("GET / HTTP/1.1");
    assert.deepEqual(decode(new BodyDecoder("chunked", defaults), [join([whole, rest])]), [
      content,
      whole.length,
    ]);
    const single = Array.from(whole, (_, at) => whole.subarray(at, at + 1));
    assert.deepEqual(decode(new BodyDecoder("chunked", defaults), single), [content, whole.length]);
    for (let cut = 0; cut < whole.length; cut++) {
      const decoder = new BodyDecoder("chunked", defaults);
      decode(decoder, [whole.subarray(0, cut)]);
      assert.equal(decoder.done, false, `cut at ${cut}`);
    }
  });
}

Deno.test("BodyDecoder hands over the trailers", () => {
  const decoder = new BodyDecoder("chunked", defaults);
  decode(decoder, [bytes("0\r\nA: b\r\nc:d\r\n\r\n")]);
  assert.deepEqual([...decoder.trailers!], [["a", "b"], ["c", "d"]]);
});

Deno.test("BodyDecoder takes as many bytes as announced, and no more", () => {
  const decoder = new BodyDecoder(framing({ "content-length": "5" }), defaults);
  assert.deepEqual(decode(decoder, [bytes("hel"), bytes("lo, world")]), ["hello", 5]);
});

const faults: readonly (readonly [name: string, text: string, status: number])[] = [
  ["no size", "\r\n\r\n", 400],
  ["a size that is no number", "x\r\n", 400],
  ["a signed size", "+5\r\nhello\r\n", 400],
  ["a size with 0x", "0x5\r\nhello\r\n", 400],
  ["a size of 14 digits", "00000000000005\r\nhello\r\n", 400],
  ["a space before the size", " 5\r\nhello\r\n", 400],
  ["something else behind the size", "5 x\r\nhello\r\n", 400],
  ["LF alone behind the size", "5\nhello\r\n", 400],
  ["CR alone behind the size", "5\rhello\r\n", 400],
  ["NUL in an extension", "5;a=\0\r\nhello\r\n", 400],
  ["an extension that is too long", `5;${"a".repeat(300)}\r\nhello\r\n`, 400],
  ["an extension that does not end", `5;${"a".repeat(300)}`, 400],
  ["extensions that are too many", `1;${"a".repeat(200)}\r\nx\r\n`.repeat(100), 400],
  ["a chunk that is too long", "5\r\nhello!\r\n", 400],
  ["LF alone behind a chunk", "5\r\nhello\n0\r\n\r\n", 400],
  ["LF alone behind the trailers", "0\r\nA: b\r\n\n", 400],
  ["a folded trailer", "0\r\nA: b\r\n c\r\n\r\n", 400],
  ["a trailer that does not end", `0\r\nA: ${"b".repeat(9000)}`, 431],
];

for (const [name, text, status] of faults) {
  Deno.test(`BodyDecoder refuses ${name} with ${status}`, () => {
    const whole = bytes(text);
    const single = Array.from(whole, (_, at) => whole.subarray(at, at + 1));
    for (const steps of [[whole], single]) {
      assert.throws(
        () => decode(new BodyDecoder("chunked", defaults), steps),
        (error) => error instanceof ProtocolError && error.code === status,
      );
    }
  });
}

Deno.test("BodyDecoder survives every byte of a body being another", () => {
  for (const [, text] of chunked) {
    const whole = bytes(text);
    for (let at = 0; at < whole.length; at++) {
      for (const value of [0, 9, 10, 13, 32, 48, 57, 59, 70, 103, 127, 255, whole[at]! ^ 1]) {
        const changed = whole.slice();
        changed[at] = value;
        try {
          decode(new BodyDecoder("chunked", defaults), [changed]);
        } catch (error) {
          assert(error instanceof ProtocolError, `${error}`);
        }
      }
    }
  }
});

Deno.test("BodyDecoder survives 100,000 random inputs", () => {
  const seed = 77;
  let state = seed;
  const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
  const parts = [
    "0",
    "1",
    "5",
    "a",
    "F",
    "\r\n",
    "\r",
    "\n",
    ";",
    "x=y",
    " ",
    "hello",
    "A: b",
    "\0",
  ];
  for (let round = 0; round < 100_000; round++) {
    let text = "";
    for (let count = random(12); count >= 0; count--) text += parts[random(parts.length)];
    try {
      decode(new BodyDecoder("chunked", defaults), [bytes(text)]);
    } catch (error) {
      assert(error instanceof ProtocolError, `Seed ${seed}, round ${round}: ${error}`);
    }
  }
});
