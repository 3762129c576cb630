import assert from "node:assert/strict";
import { defaults } from "../../../../protocols/http/limits.ts";
import { decodeHead } from "../../../../protocols/http/messages/head.ts";
import { ProtocolError } from "../../../../protocols/session.ts";
import { bad, good } from "./head_cases.ts";

function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** What must come of any input at all: a head, a wait, or the peer's fault. */
function decodeAny(input: Uint8Array): ReturnType<typeof decodeHead> {
  try {
    return decodeHead(input, defaults);
  } catch (error) {
    assert(error instanceof ProtocolError, `${error} for ${JSON.stringify([...input])}`);
    assert([400, 414, 431, 505].includes(error.code), `status ${error.code}`);
    return undefined;
  }
}

for (const { name, text, ...expected } of good) {
  Deno.test(`decodeHead understands ${name}`, () => {
    const [head, length] = decodeHead(latin1(text), defaults)!;
    assert.equal(length, text.length);
    const found = { ...head, fields: [...head.fields] };
    assert.deepEqual(found, { ...found, ...expected });
  });
}

for (const [name, text, status] of bad) {
  Deno.test(`decodeHead refuses ${name} with ${status}`, () => {
    assert.throws(() => decodeHead(latin1(text), defaults), (error) => {
      assert(error instanceof ProtocolError);
      assert.equal(error.code, status, error.message);
      assert.match(error.message, /^Cannot /);
      return true;
    });
  });
}

Deno.test("decodeHead waits for the rest, wherever a head is cut", () => {
  for (const { text } of good) {
    const whole = latin1(text);
    for (let cut = 0; cut < whole.length; cut++) {
      const part = whole.subarray(0, cut);
      assert.equal(decodeHead(part, defaults), undefined, `${text} cut at ${cut}`);
      // What was seen in vain need not be looked through again.
      assert.equal(decodeHead(whole, defaults, cut)?.[1], whole.length);
    }
  }
});

Deno.test("decodeHead leaves what follows the head alone", () => {
  const [, length] = decodeHead(latin1(`${good[0]!.text}\0\n\r\n\r\n`), defaults)!;
  assert.equal(length, good[0]!.text.length);
});

Deno.test("decodeHead refuses what is wrong also when it comes byte by byte", () => {
  for (const [name, text, status] of bad) {
    const whole = latin1(text);
    assert.throws(
      () => {
        for (let cut = 1; cut <= whole.length; cut++) {
          decodeHead(whole.subarray(0, cut), defaults, cut - 1);
        }
      },
      (error) => error instanceof ProtocolError && error.code === status,
      name,
    );
  }
});

Deno.test("decodeHead survives every byte of a head being another", () => {
  for (const { text } of good) {
    const whole = latin1(text);
    for (let at = 0; at < whole.length; at++) {
      for (const value of [0, 9, 10, 13, 32, 35, 58, 65, 127, 128, 255, whole[at]! ^ 1]) {
        const changed = whole.slice();
        changed[at] = value;
        decodeAny(changed);
      }
    }
  }
});

Deno.test("decodeHead survives 100,000 random inputs", () => {
  const seed = 20260505;
  const random = generator(seed);
  const parts = [
    ..."GET /:HTTP1. \r\n\t\0\xff",
    "\r\n",
    "\r\n\r\n",
    "GET / HTTP/1.1\r\n",
    "Host: a",
  ];
  for (let round = 0; round < 100_000; round++) {
    let text = "";
    for (let count = random() % 12; count >= 0; count--) text += parts[random() % parts.length];
    try {
      decodeAny(latin1(text));
    } catch (error) {
      throw new Error(`Seed ${seed}, round ${round}`, { cause: error });
    }
  }
});

Deno.test("decodeHead takes a head that is exactly as long as the limits allow", () => {
  const line = `GET /${"a".repeat(8192 - 14)} HTTP/1.1`;
  assert.equal(line.length, 8192);
  const fields = `Host: a\r\nB: ${"b".repeat(16384 - 9 - 3 - 2 - 2)}\r\n\r\n`;
  assert.equal(fields.length, 16384);
  assert(decodeHead(latin1(`${line}\r\n${fields}`), defaults));
});

/** Numbers that look random and are the same every time (xorshift). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
