import assert from "node:assert/strict";
import { Block, blockOf } from "../../../../protocols/coap/blocks/block.ts";
import { Code, Message, NON, NONE, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint, uintOf } from "../../../../protocols/coap/messages/options.ts";
import { Signal } from "../../../../protocols/coap/stream/codec.ts";
import { StreamComposer } from "../../../../protocols/coap/stream/composer.ts";
import { coapStream } from "../../../../protocols/coap/stream/server.ts";
import { Capabilities, release, SignalError } from "../../../../protocols/coap/stream/signaling.ts";
import { Publication } from "../../../../protocols/publication.ts";
import { bytes, hex } from "../../fakes.ts";
import { body } from "../blocks/transfers.ts";
import { request, valueOf } from "../fake_datagrams.ts";
import { framesOf, signal, StreamStage } from "./stage.ts";

const csm = (...options: Option[]) => new Message(NON, Signal.csm, 0, NONE, options);
const size = (count: number) => new Option(2, uint(count));
const blocks = new Option(4, NONE);

/** What a peer takes that has sent these CSMs. */
function after(...messages: Message[]): Capabilities {
  const capabilities = new Capabilities();
  for (const message of messages) capabilities.add(message);
  return capabilities;
}

const cases: [what: string, messages: Message[], maxMessageBytes: number, takesBert: boolean][] = [
  ["nothing", [], 1152, false],
  ["no option", [csm()], 1152, false],
  ["blocks", [csm(blocks)], 1152, false],
  ["a size", [csm(size(4096))], 4096, false],
  ["both", [csm(size(4096), blocks)], 4096, true],
  ["one after the other", [csm(blocks), csm(size(1153))], 1153, true],
  ["less again", [csm(size(4096), blocks), csm(size(1152))], 1152, false],
  ["a size twice, of which the second is ignored", [csm(size(4096), size(64))], 4096, false],
  ["a size of five bytes, which is ignored", [csm(new Option(2, hex("0100000000")))], 1152, false],
  ["the largest size", [csm(size(0xffffffff), blocks)], 0xffffffff, true],
];

for (const [what, messages, maxMessageBytes, takesBert] of cases) {
  Deno.test(`Capabilities know what a peer takes that has said ${what}`, () => {
    const found = after(...messages);
    assert.equal(found.maxMessageBytes, maxMessageBytes);
    assert.equal(found.takesBert, takesBert);
  });
}

Deno.test("Capabilities refuse a size into which hardly an answer fits, and name the option", () => {
  for (const few of [0, 1, 63]) {
    assert.throws(
      () => after(csm(size(few))),
      (error) => error instanceof SignalError && error.badOption === 2,
    );
  }
  const stage = new StreamStage();
  stage.take();
  stage.feed(signal(Signal.csm, [size(20)]));
  const [abort] = stage.takeMessages();
  assert.equal(abort!.code, Signal.abort);
  assert.equal(uintOf(valueOf(abort!, 2)!), 2);
  assert(stage.closed);
});

/** Options of answers of some lengths: an ETag, or a path of some segments. */
const shapes: [what: string, options: Uint8Array][] = [
  ["no options", NONE],
  ["an ETag", Uint8Array.of(0x44, 1, 2, 3, 4)],
  ["a long path", Uint8Array.of(0x8d, 87, ...new Uint8Array(100))],
];

for (const maxMessageBytes of [64, 100, 1152, 1153, 5000]) {
  Deno.test(`StreamComposer writes nothing longer than ${maxMessageBytes} bytes`, () => {
    const composer = new StreamComposer(after(csm(size(maxMessageBytes), blocks)));
    for (const [what, options] of shapes) {
      for (const code of [Code.content, Code.badRequest, Signal.abort]) {
        for (const length of [0, 1, 60, 1200, 6000]) {
          const answer = { options, payload: new Uint8Array(length).fill(0x61) };
          const written = composer.message(0, code, 0, new Uint8Array(8), answer, 0xffffff);
          const how = `${what}, code ${code}, ${length} bytes`;
          assert(written.length <= maxMessageBytes, how);
          const [found] = framesOf(written);
          assert(found!.code === code || found!.code === Code.internal, how);
        }
      }
    }
  });
}

Deno.test("StreamComposer leaves requests whole", () => {
  const composer = new StreamComposer(after(csm(size(64))));
  const answer = { options: NONE, payload: new Uint8Array(100) };
  assert.equal(framesOf(composer.message(0, Code.put, 0, NONE, answer))[0]!.payload.length, 100);
});

Deno.test("StreamComposer cuts a diagnostic between two characters", () => {
  const composer = new StreamComposer(after(csm(size(64))));
  const answer = { options: NONE, payload: bytes("é".repeat(100)) };
  const [found] = framesOf(composer.message(0, Code.badRequest, 0, NONE, answer));
  const text = new TextDecoder("utf-8", { fatal: true }).decode(found!.payload);
  assert.match(text, /^é{15,}$/);
});

for (
  const [what, messages, expected] of [
    ["all of a value that fits", csm(size(8000)), undefined],
    ["blocks of 1,024 bytes without a word of blocks", csm(size(4000)), new Block(0, true, 6)],
    ["several blocks at once after a word of them", csm(size(4000), blocks), new Block(0, true, 7)],
  ] as const
) {
  Deno.test(`coapStream sends ${what}`, () => {
    const stage = new StreamStage().agree();
    stage.feed(signal(Signal.csm, messages.options));
    stage.space.publish(new Publication("t", body(5000), { retain: true, time: 0 }));
    const [answer] = stage.ask(request(Code.get, "/topics/t"));
    const block2 = valueOf(answer!, Options.block2);
    assert.deepEqual(block2 && blockOf(uintOf(block2)), expected);
  });
}

Deno.test("coapStream takes several blocks at once from a peer that has said nothing of blocks", () => {
  const stage = new StreamStage().agree(), payload = body(3000);
  for (const [number, more, part] of [[0, true, 2048], [2, false, 952]] as const) {
    const options = [new Option(Options.block1, new Block(number, more, 7).encode())];
    const at = number * 1024;
    stage.ask(request(Code.put, "/topics/u", { options, payload: payload.slice(at, at + part) }));
  }
  assert.deepEqual(stage.space.values.get("u")!.payload, payload);
});

Deno.test("coapStream says where clients may go when the gateway stops", () => {
  const stage = new StreamStage({ alternatives: ["a:1", "b"], holdOffSeconds: 60 }).agree();
  stage.current.shutdown(stage.now);
  const [found] = stage.takeMessages();
  assert.equal(found!.code, Signal.release);
  assert.deepEqual(found!.options, [
    new Option(2, bytes("a:1")),
    new Option(2, bytes("b")),
    new Option(4, Uint8Array.of(60)),
  ]);
});

Deno.test("coapStream refuses a goodbye that cannot be said", () => {
  assert.deepEqual(release({}), { options: NONE, payload: NONE });
  const long = "a".repeat(256);
  for (const alternatives of [[""], [long]]) {
    assert.throws(() => coapStream({ alternatives }), /an address has 1 to 255 bytes/);
  }
  for (const holdOffSeconds of [-1, 1.5, 2 ** 24]) {
    assert.throws(() => coapStream({ holdOffSeconds }), /give 0 to 16777215/);
  }
});

Deno.test("coapStream confirms custody once every request before the ping has its answer", () => {
  const stage = new StreamStage().agree(), custody = [new Option(2, NONE)];
  stage.subscribe("ask", { qos: 1 }, { name: "responder", deliver: () => true });
  stage.ask(request(Code.post, "/topics/ask?reply=5s"));
  stage.feed(signal(Signal.ping, [], hex("01")));
  stage.feed(signal(Signal.ping, custody, hex("02")));
  const [at] = stage.takeMessages();
  assert.deepEqual([at!.code, at!.token, at!.options], [Signal.pong, hex("01"), []]);
  stage.wait(5000);
  const [answer, pong, ...more] = stage.takeMessages();
  assert.equal(answer!.code, Code.gatewayTimeout);
  assert.deepEqual([pong!.code, pong!.token, pong!.options], [Signal.pong, hex("02"), custody]);
  assert.equal(more.length, 0);
});

Deno.test("coapStream keeps a bounded number of pings that ask for custody", () => {
  const stage = new StreamStage().agree();
  stage.subscribe("ask", { qos: 1 }, { name: "responder", deliver: () => true });
  stage.ask(request(Code.post, "/topics/ask?reply=5s"));
  for (let count = 0; count < 20; count++) stage.feed(signal(Signal.ping, [new Option(2, NONE)]));
  const now = stage.takeMessages();
  assert.equal(now.length, 4);
  assert(now.every(({ options }) => options.length === 0));
  stage.wait(5000);
  assert.equal(stage.takeMessages().length, 1 + 16);
});
