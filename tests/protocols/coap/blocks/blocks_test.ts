import assert from "node:assert/strict";
import { Block, blockOf } from "../../../../protocols/coap/blocks/block.ts";
import { Code, type Message, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint, uintOf } from "../../../../protocols/coap/messages/options.ts";
import { bytes, hex } from "../../fakes.ts";
import { brief, FakeDatagrams, request, type RequestParts, valueOf } from "../fake_datagrams.ts";
import { body, transfer } from "./transfers.ts";

function block(name: "block1" | "block2", number: number, more: boolean, szx = 6): Option {
  return new Option(Options[name], new Block(number, more, szx).encode());
}

function blockIn(message: Message, name: "block1" | "block2"): string | undefined {
  const value = valueOf(message, Options[name]);
  if (value === undefined) return undefined;
  const { number, more, szx } = blockOf(uintOf(value));
  return `${number}/${more ? 1 : 0}/${16 << szx}`;
}

function ask(stage: FakeDatagrams, code: number, parts: RequestParts, from?: string): Message {
  return stage.ask(request(code, "/topics/t", parts), from)[0]!;
}

/** Sends one block of a PUT. */
function put(
  stage: FakeDatagrams,
  [number, more, payload]: [number: number, more: boolean, payload: Uint8Array],
  options: Option[] = [],
  from?: string,
): Message {
  const all = [...options, block("block1", number, more)];
  return ask(stage, Code.put, { payload, options: all }, from);
}

for (const szx of [0, 2, 4, 6]) {
  for (const length of [1, 16 << szx, (16 << szx) + 1, 5000]) {
    Deno.test(`CoapSession takes and gives ${length} bytes in blocks of ${16 << szx}`, () => {
      const stage = new FakeDatagrams(), payload = body(length);
      const up = transfer(stage, Code.put, "/topics/a/b?retain=1", { szx, payload });
      assert.equal(brief(up.answer).slice(0, 4), "2.01");
      assert.equal(up.messages, Math.ceil(length / (16 << szx)));
      assert.equal(stage.space.published.length, 1);
      assert.deepEqual(stage.space.published[0]!.payload, payload);
      const down = transfer(stage, Code.get, "/topics/a/b", { szx });
      assert.deepEqual(down.answer.payload, payload);
      // Whoever likes the largest blocks asks for none, and is sent what fits one datagram.
      assert.equal(down.messages, szx === 6 && length < 1200 ? 1 : Math.ceil(length / (16 << szx)));
      assert.equal(stage.session.load.transfers, 0);
    });
  }
}

Deno.test("CoapSession sends what is too long in blocks to whoever said nothing of blocks", () => {
  const stage = new FakeDatagrams();
  stage.tell("t", body(1300), true, "application/json");
  const first = ask(stage, Code.get, {});
  assert.deepEqual([first.code, first.payload.length, blockIn(first, "block2")], [
    Code.content,
    1024,
    "0/1/1024",
  ]);
  assert.equal(uintOf(valueOf(first, Options.size2)!), 1300);
  assert.deepEqual(valueOf(first, Options.contentFormat), uint(50));
  const rest = ask(stage, Code.get, { options: [block("block2", 1, false)] });
  assert.deepEqual([rest.payload.length, blockIn(rest, "block2")], [276, "1/0/1024"]);
  assert.deepEqual(valueOf(rest, Options.etag), valueOf(first, Options.etag));
  assert.equal(valueOf(rest, Options.size2), undefined);
  const sized = ask(stage, Code.get, {
    options: [block("block2", 1, false), new Option(Options.size2, hex(""))],
  });
  assert.equal(uintOf(valueOf(sized, Options.size2)!), 1300);
});

Deno.test("CoapSession gives any block at any time, and none beyond the end", () => {
  const stage = new FakeDatagrams(), payload = body(10_000);
  stage.tell("t", payload);
  for (const number of [9, 3, 0, 7, 3]) {
    const { payload: part } = ask(stage, Code.get, { options: [block("block2", number, false)] });
    assert.deepEqual(part, payload.subarray(number * 1024, number * 1024 + 1024));
  }
  const beyond = ask(stage, Code.get, { options: [block("block2", 10, false)] });
  assert.equal(brief(beyond), "4.00");
  assert.equal(stage.session.load.transfers, 0);
});

Deno.test("CoapSession starts again, for a client whose value changes under it", () => {
  const stage = new FakeDatagrams();
  stage.tell("t", body(3000));
  let count = 0;
  stage.onSend = () => {
    if (++count === 2) stage.tell("t", new Uint8Array(2500).fill(7));
  };
  const { answer, messages } = transfer(stage, Code.get, "/topics/t");
  assert.deepEqual(answer.payload, new Uint8Array(2500).fill(7));
  assert.equal(messages, 6);
});

Deno.test("CoapSession carries out a PUT in blocks once, when all of it is there", () => {
  const stage = new FakeDatagrams();
  const first = put(stage, [0, true, body(1024)]);
  assert.deepEqual([brief(first), blockIn(first, "block1")], ["2.31", "0/1/1024"]);
  assert.equal(brief(put(stage, [1, true, body(1024)])), "2.31");
  assert.equal(brief(put(stage, [1, true, body(1024)])), "2.31", "again, under another id");
  assert.equal(stage.space.published.length, 0);
  assert.equal(stage.session.load.transfers, 1);
  const last = put(stage, [2, false, bytes("end")]);
  assert.deepEqual([brief(last), blockIn(last, "block1")], ["2.01", "2/0/1024"]);
  assert.equal(stage.space.published[0]!.payload.length, 2051);
  assert.equal(stage.session.load.transfers, 0);
  assert.equal(brief(put(stage, [2, false, bytes("end")])), "4.08");
});

Deno.test("CoapSession answers 4.08 when a block is missing, and 4.00 when one is not full", () => {
  const stage = new FakeDatagrams();
  put(stage, [0, true, body(1024)]);
  assert.equal(brief(put(stage, [2, false, bytes("end")])), "4.08");
  assert.equal(brief(put(stage, [1, false, bytes("end")])), "4.08", "the first is forgotten");
  assert.equal(brief(put(stage, [0, true, body(1023)])), "4.00");
  assert.equal(brief(put(stage, [0, false, body(1025)])), "4.00");
  const reserved = [block("block1", 0, true, 7)];
  assert.equal(brief(ask(stage, Code.put, { payload: body(1024), options: reserved })), "4.00");
  assert.equal(stage.space.published.length, 0);
});

Deno.test("CoapSession keeps bodies apart by peer, by options and by Request-Tag", () => {
  const stage = new FakeDatagrams();
  const tag = (value: number) => [new Option(Options.requestTag, uint(value))];
  const senders: [options: Option[], from: string][] = [
    [[], "192.0.2.1:1"],
    [[], "192.0.2.2:1"],
    [tag(1), "192.0.2.1:1"],
    [tag(2), "192.0.2.1:1"],
    [[new Option(Options.contentFormat, uint(50))], "192.0.2.1:1"],
  ];
  const blockOfTagged = (index: number, number: number, more: boolean, from: string) => {
    const all = [...senders[index]![0], block("block1", number, more)];
    const options = all.sort((a, b) => a.number - b.number);
    const payload = new Uint8Array(1024).fill(index);
    return ask(stage, Code.put, { payload, options }, from);
  };
  for (const [index, [, from]] of senders.entries()) blockOfTagged(index, 0, true, from);
  assert.equal(stage.session.load.transfers, senders.length);
  for (const [index, [, from]] of senders.entries()) blockOfTagged(index, 1, false, from);
  const payloads = stage.space.published.map(({ payload }) => new Set(payload));
  assert.deepEqual(payloads, senders.map((_, index) => new Set([index])));
});

Deno.test("CoapSession refuses a body that is too long with the size that would do, at once", () => {
  const stage = new FakeDatagrams({ maxPayloadBytes: 2000 });
  const size = [new Option(Options.size1, uint(2001))];
  const options = [block("block1", 0, true), ...size];
  const announced = ask(stage, Code.put, { payload: body(1024), options });
  assert.equal(brief(announced), "4.13");
  assert.equal(uintOf(valueOf(announced, Options.size1)!), 2000);
  put(stage, [0, true, body(1024)]);
  const found = put(stage, [1, true, body(1024)]);
  assert.deepEqual([brief(found), uintOf(valueOf(found, Options.size1)!)], ["4.13", 2000]);
  assert.equal(stage.session.load.transfers, 0);
});

Deno.test("CoapSession asks for smaller blocks where the listener has them", () => {
  const stage = new FakeDatagrams({ maxBlockBytes: 64 }), payload = body(2500);
  const first = put(stage, [0, true, body(1024)]);
  assert.equal(blockIn(first, "block1"), "0/1/64");
  const { answer, messages } = transfer(stage, Code.put, "/topics/t", { payload });
  assert.equal(brief(answer), "2.01");
  assert.equal(messages, 1 + Math.ceil((2500 - 1024) / 64));
  const down = transfer(stage, Code.get, "/topics/t");
  assert.deepEqual([down.answer.payload, down.messages], [payload, Math.ceil(2500 / 64)]);
});

Deno.test("CoapSession looks at conditions when the body is whole", () => {
  const stage = new FakeDatagrams();
  const once = [new Option(Options.ifNoneMatch, hex(""))];
  put(stage, [0, true, body(1024)], once);
  stage.tell("t", "quicker");
  assert.equal(brief(put(stage, [1, false, bytes("end")], once)), "4.12");
});

Deno.test("CoapSession has little room for bodies, and one peer never takes another's", () => {
  const limits = { maxTransfers: 4, maxTransfersPerPeer: 2, transferLifetimeMs: 1000 };
  const stage = new FakeDatagrams(limits);
  const tagged = (tag: number, from: string) => {
    const options = [block("block1", 0, true), new Option(Options.requestTag, uint(tag))];
    return brief(ask(stage, Code.put, { payload: body(1024), options }, from));
  };
  for (const from of ["192.0.2.1:1", "192.0.2.2:1"]) {
    assert.deepEqual([1, 2, 3].map((tag) => tagged(tag, from)), ["2.31", "2.31", "2.31"]);
  }
  assert.equal(stage.session.load.transfers, 4);
  assert.equal(tagged(1, "192.0.2.3:1"), "5.03");
  assert.equal(tagged(4, "192.0.2.1:1"), "2.31");
  stage.wait(1000);
  assert.equal(stage.session.load.transfers, 0);
  assert.equal(tagged(1, "192.0.2.3:1"), "2.31");
});

Deno.test("Notifications carry the first block, and the rest is read", () => {
  const stage = new FakeDatagrams();
  const options = [new Option(Options.observe, hex("")), block("block2", 0, false, 4)];
  ask(stage, Code.get, { options });
  const payload = body(600);
  stage.tell("t", payload);
  const notified = stage.takeOne();
  assert.equal(blockIn(notified, "block2"), "0/1/256");
  assert.deepEqual(notified.payload, payload.subarray(0, 256));
  assert.equal(uintOf(valueOf(notified, Options.observe)!), 2);
  const more = ask(stage, Code.get, { options: [options[0]!, block("block2", 1, false, 4)] });
  assert.equal(valueOf(more, Options.observe), undefined);
  assert.deepEqual(valueOf(more, Options.etag), valueOf(notified, Options.etag));
  assert.deepEqual(more.payload, payload.subarray(256, 512));
  assert.equal(stage.session.load.observers, 1);
});

Deno.test("CoapSession sends a long list as it was when its first block was asked for", () => {
  const stage = new FakeDatagrams();
  for (let index = 0; index < 500; index++) stage.tell(`plant/${index}`, "1");
  let count = 0;
  stage.onSend = () => {
    if (++count % 3 === 0) stage.tell(`plant/new ${count}`, "1");
  };
  for (const uri of ["/.well-known/core", "/topics", "/ps"]) {
    const { answer } = transfer(stage, Code.get, uri, { szx: 5 });
    const links = new TextDecoder().decode(answer.payload).split(",<");
    assert(links.length >= 500, uri);
    const etag = new Option(Options.etag, valueOf(answer, Options.etag)!);
    const again = stage.ask(request(Code.get, uri, { options: [etag] }))[0]!;
    assert.notEqual(brief(again), "2.03", "it has changed");
  }
  stage.wait(100_000);
  assert.equal(stage.session.load.transfers, 0);
});

Deno.test("The ports of one address have so many bodies on their way, and leave others room", () => {
  const stage = new FakeDatagrams({ maxTransfersPerAddress: 2 });
  const begin = (from: string) => brief(put(stage, [0, true, body(1024)], [], from)).slice(0, 4);
  const places = ["192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3", "192.0.2.2:1", "192.0.2.1:1"];
  assert.deepEqual(places.map(begin), ["2.31", "2.31", "5.03", "2.31", "2.31"]);
  // A body that is whole makes room.
  assert.equal(brief(put(stage, [1, false, body(10)], [], "192.0.2.1:2")).slice(0, 4), "2.01");
  assert.equal(begin("192.0.2.1:3"), "2.31");
  stage.wait(100_000);
  assert.equal(stage.session.load.transfers, 0);
});
