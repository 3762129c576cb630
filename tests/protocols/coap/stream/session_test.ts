import assert from "node:assert/strict";
import { Block, blockOf } from "../../../../protocols/coap/blocks/block.ts";
import { Code, Message, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint, uintOf } from "../../../../protocols/coap/messages/options.ts";
import { Signal } from "../../../../protocols/coap/stream/codec.ts";
import { coapStream } from "../../../../protocols/coap/stream/server.ts";
import { Publication } from "../../../../protocols/publication.ts";
import { FakeSpace, hex, join } from "../../fakes.ts";
import { Answer as Later, hook } from "../../hooked.ts";
import { body } from "../blocks/transfers.ts";
import { request, valueOf } from "../fake_datagrams.ts";
import { frame, signal, StreamStage } from "./stage.ts";

/** A CSM: 1 MiB messages, and blocks. */
const LARGE = "50 e1 23 100000 20";

function blockIn(message: Message, number: number): Block | undefined {
  const value = valueOf(message, number);
  return value && blockOf(uintOf(value));
}

function publish(stage: StreamStage, topic: string, payload: Uint8Array): void {
  stage.space.publish(new Publication(topic, payload, { retain: true, time: stage.now }));
  stage.turn();
}

Deno.test("coapStream begins with what it takes", () => {
  const [csm, ...more] = new StreamStage({ maxPayloadBytes: 1000 }).takeMessages();
  assert.equal(more.length, 0);
  assert.equal(csm!.code, Signal.csm);
  assert.deepEqual(csm!.options.map(({ number, value }) => [number, uintOf(value)]), [
    [2, 5096],
    [4, 0],
  ]);
});

Deno.test("coapStream answers requests, whatever pieces they come in", () => {
  for (const step of [1, 3, 1000]) {
    const stage = new StreamStage().agree();
    const put = request(Code.put, "/topics/t", { payload: "21", token: hex("0102") });
    stage.feed(frame(put), step);
    stage.feed(frame(request(Code.get, "/topics/t", { token: hex("03") })), step);
    const [created, content] = stage.takeMessages();
    assert.equal(created!.code, Code.created);
    assert.deepEqual(created!.token, hex("0102"));
    assert.equal(content!.code, Code.content);
    assert.equal(new TextDecoder().decode(content!.payload), "21");
    assert.equal(stage.space.published[0]!.qos, 1);
  }
});

const signals: [what: string, bytes: Uint8Array, heard: string, closed: boolean][] = [
  ["a ping", signal(Signal.ping), "pong", false],
  ["a pong that nobody asked for", signal(Signal.pong), "", false],
  ["another CSM", signal(Signal.csm), "", false],
  ["an elective option of a CSM", signal(Signal.csm, [new Option(6, hex("01"))]), "", false],
  ["a critical option of a CSM", signal(Signal.csm, [new Option(7, hex("01"))]), "abort", true],
  ["a critical option of a ping", signal(Signal.ping, [new Option(1, hex("01"))]), "abort", true],
  ["a release", signal(Signal.release), "", true],
  ["an abort", signal(Signal.abort), "", true],
  ["a signal of the future", signal(0xff), "", false],
  ["an empty message", hex("0000"), "", false],
  ["an answer to no question", hex("0045"), "", false],
  ["an unknown method", hex("001f"), "methodNotAllowed", false],
  ["an unknown critical option", hex("2001 9100"), "badOption", false],
  ["a token that is too long", hex("0f01"), "abort", true],
  ["broken options", hex("1001f0"), "abort", true],
];

for (const [what, bytes, heard, closed] of signals) {
  Deno.test(`coapStream answers ${what} with ${heard || "silence"}`, () => {
    const stage = new StreamStage().agree();
    assert.equal(stage.tell(bytes), heard);
    assert.equal(stage.closed, closed);
  });
}

Deno.test("coapStream echoes token and custody of a ping", () => {
  const stage = new StreamStage().agree();
  stage.feed(signal(Signal.ping, [new Option(2, hex(""))], hex("2a")));
  const [pong] = stage.takeMessages();
  assert.deepEqual(pong!.token, hex("2a"));
  assert.deepEqual(pong!.options, [new Option(2, hex(""))]);
});

Deno.test("coapStream names the option of a CSM that it does not understand", () => {
  const stage = new StreamStage().agree();
  stage.feed(signal(Signal.csm, [new Option(257, hex("01"))]));
  assert.equal(uintOf(valueOf(stage.takeMessages()[0]!, 2)!), 257);
});

Deno.test("coapStream hangs up when no CSM comes first", () => {
  const early = new StreamStage();
  assert.equal(early.tell(frame(request(Code.get, "/topics/t"))), "abort");
  assert(early.closed);
  const silent = new StreamStage({ csmTimeoutMs: 500 });
  silent.wait(499);
  assert(!silent.closed);
  silent.wait(1);
  assert(silent.closed);
});

Deno.test("coapStream pings who is silent, and hangs up when that does not help", () => {
  const stage = new StreamStage({ pingAfterMs: 1000 }).agree();
  stage.wait(1000);
  assert.deepEqual(stage.takeMessages().map(({ code }) => code), [Signal.ping]);
  stage.feed(signal(Signal.pong));
  stage.wait(1000);
  assert.deepEqual(stage.takeMessages().map(({ code }) => code), [Signal.ping]);
  stage.wait(1000);
  assert(stage.closed);
});

Deno.test("coapStream sends what the peer takes in one message, and the rest in blocks", () => {
  const payload = body(5000);
  const small = new StreamStage().agree(), large = new StreamStage().agree(LARGE);
  for (const stage of [small, large]) publish(stage, "t", payload);
  const first = small.ask(request(Code.get, "/topics/t"))[0]!;
  assert.deepEqual(blockIn(first, Options.block2), new Block(0, true, 6));
  const whole = large.ask(request(Code.get, "/topics/t"))[0]!;
  assert.deepEqual(whole.payload, payload);
  assert.equal(blockIn(whole, Options.block2), undefined);
});

Deno.test("coapStream reads and writes blocks of several times 1024 bytes", () => {
  const payload = body(10_000), stage = new StreamStage().agree("40 e1 22 1000 20");
  publish(stage, "t", payload);
  const bytes: number[] = [];
  for (;;) {
    const options = [new Option(Options.block2, new Block(bytes.length / 1024, false, 7).encode())];
    const answer = stage.ask(request(Code.get, "/topics/t", { options }))[0]!;
    bytes.push(...answer.payload);
    const block = blockIn(answer, Options.block2)!;
    assert.equal(block.szx, 7);
    if (!block.more) break;
    assert.equal(answer.payload.length, 3072);
  }
  assert.deepEqual(Uint8Array.from(bytes), payload);
  for (let at = 0; at < payload.length; at += 4096) {
    const block = new Block(at / 1024, at + 4096 < payload.length, 7);
    const options = [new Option(Options.block1, block.encode())];
    const part = payload.slice(at, at + 4096);
    const answer = stage.ask(request(Code.put, "/topics/u", { options, payload: part }))[0]!;
    assert.equal(answer.code, block.more ? Code.continue : Code.created);
    assert.deepEqual(blockIn(answer, Options.block1), block);
  }
  assert.deepEqual(stage.space.values.get("u")!.payload, payload);
});

Deno.test("coapStream bounds what all its connections send in blocks, and frees what they had", () => {
  const open = coapStream({ maxTransfers: 2 }), space = new FakeSpace();
  const stages = [1, 2, 3].map(() => new StreamStage(open, space).agree());
  const begin = (stage: StreamStage) => {
    const options = [new Option(Options.block1, new Block(0, true, 0).encode())];
    return stage.ask(request(Code.put, "/topics/t", { options, payload: body(16) }))[0]!.code;
  };
  assert.deepEqual(stages.map(begin), [Code.continue, Code.continue, Code.unavailable]);
  assert.equal(begin(stages[0]!), Code.continue, "what a peer begins anew takes no more room");
  stages[1]!.end();
  assert.equal(begin(stages[2]!), Code.continue);
});

Deno.test("coapStream tells observers, and keeps the newest value for those who do not read", () => {
  const stage = new StreamStage().agree();
  const options = [new Option(Options.observe, uint(0))];
  const [first] = stage.ask(request(Code.get, "/topics/t", { options, token: hex("0b") }));
  assert(valueOf(first!, Options.observe));
  publish(stage, "t", hex("31"));
  const [news] = stage.takeMessages();
  assert.deepEqual(news!.token, hex("0b"));
  assert.deepEqual(news!.payload, hex("31"));
  stage.full = true;
  for (const value of ["32", "33", "34"]) publish(stage, "t", hex(value));
  assert.equal(stage.takeMessages().length, 0);
  assert.equal(stage.current.deadline, 240_000, "it is told when there is room");
  stage.full = false;
  stage.current.drained!(stage.now);
  assert.deepEqual(stage.takeMessages().map(({ payload }) => payload), [hex("34")]);
  stage.end();
  assert.equal(stage.space.subscriptions.size, 0);
});

Deno.test("coapStream reads no more requests while nobody reads its answers", () => {
  const stage = new StreamStage().agree();
  stage.full = true;
  stage.feed(frame(request(Code.get, "/topics/t")));
  assert(stage.paused);
  stage.feed(frame(request(Code.get, "/topics/t")));
  assert.equal(stage.takeMessages().length, 1);
  stage.full = false;
  stage.current.drained!(stage.now);
  assert.equal(stage.takeMessages().length, 1);
});

Deno.test("coapStream reads no more pings either", () => {
  const stage = new StreamStage().agree();
  stage.full = true;
  stage.feed(join([signal(Signal.ping), signal(Signal.ping)]));
  assert.equal(stage.takeMessages().length, 1);
  stage.full = false;
  stage.current.drained!(stage.now);
  assert.equal(stage.takeMessages().length, 1);
});

Deno.test("coapStream reads as many requests as may wait for hooks, and the others later", async () => {
  const stage = new StreamStage({ maxRepliesPerPeer: 3 }).agree();
  const later = new Later<void>();
  hook(stage, { authenticate: () => later.promise.then(() => ({ user: "ann" })) });
  const put = (index: number) => {
    const token = Uint8Array.of(index);
    return frame(request(Code.put, `/topics/${index}`, { payload: "1", token }));
  };
  stage.feed(join(Array.from({ length: 10 }, (_, index) => put(index))));
  assert(stage.paused);
  assert.deepEqual(stage.takeMessages(), []);
  const heard: Message[] = [];
  while (heard.length < 10) {
    await later.give(undefined, stage);
    heard.push(...stage.takeMessages());
  }
  assert.deepEqual(heard.map(({ token }) => token[0]).sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert(heard.every(({ code }) => code === Code.created));
  assert(!stage.paused);
});

Deno.test("coapStream answers what waits before it hangs up after a release", () => {
  const stage = new StreamStage().agree();
  const asked: Publication[] = [];
  const responder = {
    name: "responder",
    deliver: ({ publication }: { publication: Publication }) => asked.push(publication) > 0,
  };
  stage.subscribe("ask", { qos: 1 }, responder);
  assert.deepEqual(stage.ask(request(Code.post, "/topics/ask?reply=5s")), []);
  stage.feed(signal(Signal.release));
  assert(!stage.closed);
  publish(stage, asked[0]!.properties!.responseTopic!, hex("31"));
  assert.deepEqual(stage.takeMessages().map(({ code }) => code), [Code.changed]);
  assert(stage.closed);
});

Deno.test("coapStream says goodbye to observers when the gateway stops", () => {
  const stage = new StreamStage().agree();
  stage.ask(request(Code.get, "/topics/t", { options: [new Option(Options.observe, uint(0))] }));
  stage.current.shutdown(stage.now);
  const codes = stage.takeMessages().map(({ code }: Message) => code);
  assert.deepEqual(codes, [Code.unavailable, Signal.release]);
  assert(stage.closed);
});

Deno.test("coapStream refuses a message that is longer than it said", () => {
  const stage = new StreamStage({ maxPayloadBytes: 100 }).agree();
  const options = [new Option(Options.uriPath, new Uint8Array(200))];
  assert.equal(
    stage.tell(frame(request(Code.put, "/topics/t", { payload: body(101) }))),
    "tooLarge",
  );
  const payload = body(5000);
  assert.equal(stage.tell(frame(request(Code.put, "/topics/t", { options, payload }))), "abort");
  assert(stage.closed);
});
