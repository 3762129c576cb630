import assert from "node:assert/strict";
import { ACK, Code, Message, NON, Option, RST } from "../../../protocols/coap/messages/codec.ts";
import { hex } from "../fakes.ts";
import { brief, FakeDatagrams, request, seeded } from "./fake_datagrams.ts";

/** What a datagram is answered with, in short; "" for silence. */
function answerTo(stage: FakeDatagrams, digits: string): string {
  stage.feed(hex(digits));
  return stage.take().map((message) => `${brief(message)} ${message.id.toString(16)}`).join();
}

const datagrams: [name: string, digits: string, answer: string][] = [
  ["a ping with a reset", "40 00 1234", "RST 0.00 1234"],
  ["an empty NON with silence", "50 00 1234", ""],
  ["nothing with silence", "", ""],
  ["three bytes with silence", "40 01 00", ""],
  ["version 0 with silence", "00 01 1234", ""],
  ["version 2 with silence", "80 01 1234", ""],
  ["version 3 with silence", "c0 01 1234", ""],
  ["a CON whose token is too long with a reset", "49 01 1234 010203040506070809", "RST 0.00 1234"],
  ["a NON whose token is too long with silence", "59 01 1234 010203040506070809", ""],
  ["an ACK whose token is too long with silence", "69 01 1234 010203040506070809", ""],
  ["a CON with a token that is cut with a reset", "44 01 1234 0102", "RST 0.00 1234"],
  ["a CON without a payload after its marker with a reset", "40 01 1234 ff", "RST 0.00 1234"],
  ["a NON without a payload after its marker with silence", "50 01 1234 ff", ""],
  ["a CON with a reserved delta with a reset", "40 01 1234 f1 00", "RST 0.00 1234"],
  ["an empty CON with a token with a reset", "41 00 1234 01", "RST 0.00 1234"],
  ["a CON of a reserved class with a reset", "40 20 1234", "RST 0.00 1234"],
  ["a CON of class 6 with a reset", "40 c1 1234", "RST 0.00 1234"],
  ["a CON of class 7 with a reset", "40 e1 1234", "RST 0.00 1234"],
  ["a NON of a reserved class with silence", "50 20 1234", ""],
  ["an unasked CON answer with a reset", "41 45 1234 07 ff 31", "RST 0.00 1234"],
  ["an unasked NON answer with silence", "51 45 1234 07 ff 31", ""],
  ["an unasked answer in an ACK with silence", "61 45 1234 07 ff 31", ""],
  ["a stray ACK with silence", "60 00 1234", ""],
  ["a stray RST with silence", "70 00 1234", ""],
  ["a request in an ACK with silence", "60 01 1234", ""],
  ["a request in an RST with silence", "70 01 1234", ""],
  ["an unknown critical option in a CON with 4.02", "40 01 1234 90", "4.02 1234"],
  ["an unknown critical option in a NON with silence", "50 01 1234 90", ""],
];

for (const [name, digits, answer] of datagrams) {
  Deno.test(`CoapSession answers ${name}`, () => {
    const stage = new FakeDatagrams();
    assert.equal(answerTo(stage, digits), answer);
    assert.equal(stage.session.load.peers, 0);
  });
}

Deno.test("CoapSession answers CON in its acknowledgement and NON with NON of its own id", () => {
  const stage = new FakeDatagrams();
  stage.tell("t", "x");
  const token = hex("0102030405060708");
  const [ack] = stage.ask(request(Code.get, "/topics/t", { id: 0xbeef, token }));
  assert.deepEqual([ack!.type, ack!.id, ack!.token], [ACK, 0xbeef, token]);
  const ids = new Set<number>();
  for (let round = 0; round < 100; round++) {
    const [non] = stage.ask(request(Code.get, "/topics/t", { type: NON, id: round, token }));
    assert.deepEqual([non!.type, non!.token], [NON, token]);
    ids.add(non!.id);
  }
  assert.equal(ids.size, 100);
});

Deno.test("CoapSession carries out a duplicate once and answers it from memory", () => {
  const stage = new FakeDatagrams();
  for (const code of [Code.put, Code.post, Code.delete]) {
    const message = request(code, "/topics/t", { payload: "x" });
    const [first] = stage.ask(message), before = stage.space.published.length;
    stage.wait(200_000);
    assert.deepEqual(stage.ask(message), [first]);
    assert.equal(stage.space.published.length, before);
    assert.deepEqual(stage.ask(message, "192.0.2.2:5000").length, 1);
    assert.equal(stage.space.published.length, before + 1);
  }
  assert.equal(stage.space.counts.get("coap.duplicate"), 3);
});

Deno.test("CoapSession gives a duplicate the error that it gave before", () => {
  const stage = new FakeDatagrams();
  const message = request(Code.put, "/topics/t", { options: [new Option(1, hex("01"))] });
  const [first] = stage.ask(message);
  assert.equal(brief(first!), "4.12");
  assert.deepEqual(stage.ask(message), [first]);
});

Deno.test("CoapSession is silent about a duplicate that wants no acknowledgement", () => {
  const stage = new FakeDatagrams();
  const message = request(Code.post, "/topics/t", { type: NON, payload: "x" });
  assert.deepEqual(stage.ask(message).map(brief), ["NON 2.04"]);
  assert.deepEqual(stage.ask(message), []);
  assert.equal(stage.space.published.length, 1);
});

Deno.test("CoapSession sees ::ffff:192.0.2.1 and 192.0.2.1 as one peer", () => {
  const stage = new FakeDatagrams();
  const message = request(Code.post, "/topics/t", { payload: "x" });
  stage.ask(message, "192.0.2.1:5000");
  stage.ask(message, "[::ffff:192.0.2.1]:5000");
  assert.equal(stage.space.published.length, 1);
  assert.equal(stage.session.load.peers, 1);
  stage.ask(message, "192.0.2.1:5001");
  stage.ask(message, "[2001:db8::1]:5000");
  assert.equal(stage.session.load.peers, 3);
});

Deno.test("CoapSession forgets peers and their requests after the lifetime of an exchange", () => {
  const stage = new FakeDatagrams();
  const message = request(Code.post, "/topics/t", { payload: "x" });
  stage.ask(message);
  stage.wait(246_999);
  assert.equal(stage.session.load.remembered, 1);
  stage.wait(1);
  assert.deepEqual(stage.session.load, {
    clients: 0,
    peers: 0,
    remembered: 0,
    observers: 0,
    replies: 0,
    timers: 0,
    transfers: 0,
  });
  assert.equal(stage.session.deadline, Infinity);
  assert.equal(stage.ask(message).map(brief).join(), "2.04");
  assert.equal(stage.space.published.length, 2);
});

Deno.test("CoapSession remembers a bounded number of requests, the newest of each peer", () => {
  const stage = new FakeDatagrams({ maxRemembered: 10, maxRememberedPerPeer: 4 });
  const message = request(Code.post, "/topics/t", { id: 9 });
  stage.ask(message, "192.0.2.9:1");
  for (let id = 0; id < 20; id++) stage.ask(request(Code.post, "/topics/t", { id }));
  assert.deepEqual(stage.session.load.remembered, 5);
  const before = stage.space.published.length;
  stage.ask(message, "192.0.2.9:1");
  for (const id of [16, 17, 18, 19]) stage.ask(request(Code.post, "/topics/t", { id }));
  assert.equal(stage.space.published.length, before);
  stage.ask(request(Code.post, "/topics/t", { id: 15 }));
  assert.equal(stage.space.published.length, before + 1);
  for (let host = 10; host < 40; host++) stage.ask(message, `192.0.2.${host}:1`);
  assert.equal(stage.session.load.remembered, 10);
  assert.equal(stage.session.load.peers, 10);
});

Deno.test("CoapSession remembers a bounded number of bytes", () => {
  const stage = new FakeDatagrams({ maxRememberedBytes: 500, maxRememberedBytesPerPeer: 200 });
  for (let id = 0; id < 100; id++) stage.ask(request(Code.put, "/topics/#", { id }));
  assert(stage.session.load.remembered < 8);
  for (let port = 1; port < 50; port++) {
    stage.ask(request(Code.put, "/topics/#"), `192.0.2.3:${port}`);
  }
  assert(stage.session.load.remembered < 20);
});

Deno.test("CoapSession holds nothing for whoever only reads", () => {
  const stage = new FakeDatagrams();
  stage.tell("t", "x");
  for (let port = 1; port < 1000; port++) {
    stage.ask(request(Code.get, "/topics/t", { type: port & 1 }), `192.0.2.3:${port}`);
  }
  assert.deepEqual(stage.session.load.peers, 0);
  assert.equal(stage.session.deadline, Infinity);
});

Deno.test("CoapSession answers 5.03 once it is shutting down", () => {
  const stage = new FakeDatagrams();
  stage.session.shutdown(stage.now);
  for (const code of [Code.get, Code.put]) {
    assert.equal(stage.ask(request(code, "/topics/t")).map(brief).join(), "5.03");
  }
});

Deno.test("CoapSession survives 100,000 random and damaged datagrams", () => {
  const seed = 7641, random = seeded(seed);
  const stage = new FakeDatagrams();
  stage.tell("a", "1");
  const valid = [
    "40 01 0001 b6 746f70696373 01 61",
    "41 01 0002 07 60 56 746f70696373 01 61",
    "41 03 0003 07 b6 746f70696373 01 61 ff 31",
    "41 02 0004 07 b6 746f70696373 01 61 48 7265706c793d3173",
    "50 04 0005 b6 746f70696373 01 61",
    "70 00 0006",
  ].map(hex);
  for (let round = 0; round < 100_000; round++) {
    const datagram = round & 1
      ? Uint8Array.from({ length: random() * 30 }, () => random() * 256)
      : valid[random() * valid.length | 0]!.slice();
    const flips = random() * 3 | 0;
    for (let flip = 0; flip < flips && datagram.length > 0; flip++) {
      datagram[random() * datagram.length | 0] = random() * 256;
    }
    try {
      stage.feed(datagram, `192.0.2.1:${random() * 10 | 0}`);
      stage.sent.length = 0;
      if (round % 100 === 0) stage.wait(random() * 10_000);
    } catch (error) {
      throw new Error(`seed ${seed}, round ${round}`, { cause: error });
    }
  }
  stage.session.ended();
  stage.wait(300_000);
  assert.deepEqual(stage.session.load.peers, 0);
  assert.equal(stage.space.subscriptions.size, 0);
});

Deno.test("CoapSession never answers an ACK or an RST", () => {
  const stage = new FakeDatagrams();
  for (const type of [ACK, RST]) {
    for (let code = 0; code < 256; code++) {
      assert.deepEqual(stage.ask(new Message(type, code, 1)), []);
    }
  }
});
