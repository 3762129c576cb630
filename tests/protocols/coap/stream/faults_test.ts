import assert from "node:assert/strict";
import { Block } from "../../../../protocols/coap/blocks/block.ts";
import { Code, NONE, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../../protocols/coap/messages/options.ts";
import { Signal } from "../../../../protocols/coap/stream/codec.ts";
import { hex, join } from "../../fakes.ts";
import { request, seeded } from "../fake_datagrams.ts";
import { frame, framesOf, signal, StreamStage } from "./stage.ts";

const first = signal(Signal.csm, [new Option(2, uint(5000)), new Option(4, NONE)]);
const block = new Option(Options.block1, new Block(0, true, 7).encode());

/** Something of everything that a client may say. */
const conversation = join([
  first,
  frame(request(Code.put, "/topics/t", { payload: "21", token: hex("0102") })),
  frame(request(Code.get, "/topics/t", { options: [new Option(Options.observe, NONE)] })),
  frame(request(Code.put, "/topics/u", { options: [block], payload: new Uint8Array(2048) })),
  frame(request(Code.post, "/topics/ask?reply=5s", { payload: new Uint8Array(300) })),
  signal(Signal.ping, [new Option(2, NONE)], hex("2a")),
  hex("0000"),
  signal(Signal.release),
]);

/** Feeds it, and checks that the peer hears whole messages, and why when it is hung up on. */
function survive(input: Uint8Array, how: string): StreamStage {
  const stage = new StreamStage();
  stage.feed(input);
  const codes = stage.takeMessages().map(({ code }) => code);
  assert.equal(codes[0], Signal.csm, how);
  const isReleased = input.includes(Signal.release) || input.includes(Signal.abort);
  if (stage.closed && !isReleased) assert.equal(codes.at(-1), Signal.abort, how);
  stage.end();
  assert.equal(stage.space.subscriptions.size, 0, how);
  return stage;
}

Deno.test("coapStream waits for the rest of a conversation that ends anywhere", () => {
  for (let end = 0; end < conversation.length; end++) {
    const stage = new StreamStage();
    stage.feed(conversation.subarray(0, end));
    assert(!stage.closed, `${end} bytes`);
    assert(stage.takeMessages().every(({ code }) => code !== Signal.abort), `${end} bytes`);
  }
});

Deno.test("coapStream answers or refuses a conversation with any byte flipped", () => {
  for (let at = 0; at < conversation.length; at++) {
    // The middle of a payload means nothing.
    if (at > 200 && at < conversation.length - 500) continue;
    for (const flip of [0x01, 0x10, 0x80, 0xff]) {
      const input = conversation.slice();
      input[at]! ^= flip;
      survive(input, `byte ${at} ^ ${flip}`);
    }
  }
});

Deno.test("coapStream survives whatever comes after a CSM", () => {
  const seed = 323, random = seeded(seed);
  for (let round = 0; round < 5_000; round++) {
    const noise = Uint8Array.from({ length: random() * 60 }, () => random() * 256);
    survive(join([first, noise]), `seed ${seed}, round ${round}`);
  }
});

for (const step of [1, 2, 7, 64, 1000]) {
  Deno.test(`coapStream says the same when it hears ${step} bytes at a time`, () => {
    const whole = new StreamStage(), pieces = new StreamStage();
    whole.feed(conversation);
    pieces.feed(conversation, step);
    assert.deepEqual(framesOf(pieces.take()), framesOf(whole.take()));
    assert.equal(pieces.closed, whole.closed);
  });
}
