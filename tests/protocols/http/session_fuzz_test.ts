import assert from "node:assert/strict";
import { bytes } from "../fakes.ts";
import { request, stage } from "./client.ts";

const CONVERSATION = bytes(
  request("PUT /topics/a?qos=1", { "Content-Type": "text/x" }, "12345") +
    request("POST /topics/a", { "Transfer-Encoding": "chunked" }) +
    "5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n" +
    request("GET /topics/a", { "If-None-Match": '"a"', Accept: "text/plain, */*;q=0.1" }) +
    request("GET /topics/b", { Prefer: "wait=5" }) +
    request("GET /topics/a/%23", { Accept: "text/event-stream" }),
);

/** Whatever comes in, the session answers, waits or refuses: anything else it throws is a bug. */
function converse(input: Uint8Array): void {
  const on = stage();
  on.feed(input);
  on.wait(100_000);
  if (!on.closed) on.session.inputEnded(on.now);
  on.end();
  assert.equal(on.session.deadline, Infinity);
  assert.equal(on.space.subscriptions.size, 0);
}

Deno.test("HttpSession survives a conversation that breaks off anywhere", () => {
  for (let cut = 0; cut < CONVERSATION.length; cut++) converse(CONVERSATION.subarray(0, cut));
});

Deno.test("HttpSession survives every byte of a conversation being another", () => {
  for (let at = 0; at < CONVERSATION.length; at++) {
    for (const value of [0, 13, 32, 37, 48, 58, 255, CONVERSATION[at]! ^ 1]) {
      const changed = CONVERSATION.slice();
      changed[at] = value;
      converse(changed);
    }
  }
});

Deno.test("HttpSession survives 20,000 random conversations", () => {
  const seed = 4711;
  let state = seed;
  const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
  const parts = [
    ..."GET |PUT |POST |DELETE |HEAD |OPTIONS |/topics/|a/b|%23|+|%|/|?qos=|?reply=1s|1| HTTP/1.1"
      .split("|"),
    ..." HTTP/1.0\r\n|\r\n|\r\n\r\n|Host: a\r\n|Content-Length: |Transfer-Encoding: chunked\r\n|0"
      .split("|"),
    ..."Expect: 100-continue\r\n|Connection: close\r\n|Accept: text/event-stream\r\n|5\r\nhello\r\n"
      .split("|"),
    ...'Prefer: wait=1\r\n|If-None-Match: *\r\n|If-Match: "a"\r\n|\0|\n'.split("|"),
  ];
  for (let round = 0; round < 20_000; round++) {
    let text = random(2) === 0 ? "GET /topics/a HTTP/1.1\r\nHost: a\r\n" : "";
    for (let count = random(20); count >= 0; count--) text += parts[random(parts.length)];
    try {
      converse(bytes(text));
    } catch (error) {
      throw new Error(`Seed ${seed}, round ${round}: ${JSON.stringify(text)}`, { cause: error });
    }
  }
});
