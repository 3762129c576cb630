import assert from "node:assert/strict";
import type { CoapLimits } from "../../../../protocols/coap/limits.ts";
import {
  CON,
  encode,
  type Message,
  NON,
  Option,
} from "../../../../protocols/coap/messages/codec.ts";
import { Code } from "../../../../protocols/coap/messages/codec.ts";
import { Options } from "../../../../protocols/coap/messages/options.ts";
import { bytes, FakeSpace, hex } from "../../fakes.ts";
import { brief, FakeDatagrams, PEER, request, seeded } from "../fake_datagrams.ts";

function listening(limits: Partial<CoapLimits> = {}): FakeDatagrams {
  const stage = new FakeDatagrams(limits, new FakeSpace(), seeded(8));
  stage.tell("t", "1");
  return stage;
}

/** Feeds a datagram as one that was sent to a group. */
function call(stage: FakeDatagrams, datagram: Uint8Array, from = PEER): void {
  const view = datagram.slice();
  stage.session.receive(view, from, stage.now, true);
  view.fill(0xdb);
  stage.turn();
}

function ask(uri: string, type = NON, code: number = Code.get, options: Option[] = []): Message {
  return request(code, uri, { type, options, token: bytes("tok") });
}

Deno.test("A request to a group is answered within the leisure, at a time of nobody's choosing", () => {
  const times: number[] = [];
  for (let round = 0; round < 200; round++) {
    const stage = new FakeDatagrams({}, new FakeSpace(), seeded(round));
    stage.tell("t", "1");
    call(stage, encode(ask("/topics/t")));
    assert.deepEqual(stage.take(), []);
    const at = stage.session.deadline;
    stage.wait(at - stage.now);
    const answer = stage.takeOne();
    assert.equal(brief(answer), "NON 2.05 1");
    assert.deepEqual(answer.token, bytes("tok"));
    times.push(at - 1_000_000);
    assert.equal(stage.session.deadline, Infinity);
  }
  const [least, most] = [Math.min(...times), Math.max(...times)];
  assert.ok(least >= 0 && least < 500 && most < 5000 && most > 4500, `${least} to ${most} ms`);
});

Deno.test("A request to a group is answered at once where there is no leisure", () => {
  const stage = listening({ leisureMs: 0 });
  call(stage, encode(ask("/.well-known/core")));
  stage.wait(0);
  assert.match(brief(stage.takeOne()), /^NON 2.05 .*<\/topics/);
});

const silent: [name: string, datagram: Uint8Array][] = [
  ["a CON", encode(ask("/topics/t", CON))],
  ["a ping", hex("40 00 0001")],
  ["an answer", hex("51 45 1234 07 ff 31")],
  ["a path that is not here", encode(ask("/nowhere"))],
  ["a topic without a value", encode(ask("/topics/none"))],
  ["links of which none fits", encode(ask("/.well-known/core?rt=nothing"))],
  ["a PUT", encode(ask("/topics/t", NON, Code.put))],
  ["a DELETE", encode(ask("/topics/t", NON, Code.delete))],
  ["an observer", encode(ask("/topics/t", NON, Code.get, [new Option(Options.observe, hex(""))]))],
  [
    "a critical option that nobody knows",
    encode(ask("/topics/t", NON, Code.get, [new Option(9, hex(""))])),
  ],
  ["a CON that is damaged", hex("49 01 1234 010203040506070809")],
  ["another version", hex("90 01 0001")],
  ["nothing", hex("")],
];

for (const [name, datagram] of silent) {
  Deno.test(`A group that is sent ${name} hears nothing`, () => {
    const stage = listening();
    const published = stage.space.published.length;
    call(stage, datagram);
    stage.wait(300_000);
    assert.deepEqual(stage.take(), []);
    assert.equal(stage.space.published.length, published);
    assert.deepEqual([stage.session.load.peers, stage.session.load.timers], [0, 0]);
  });
}

Deno.test("Requests to a group wait in bounded number, and end with the socket", () => {
  const stage = listening({ maxGroupRequests: 10 });
  for (let port = 1; port <= 50; port++) call(stage, encode(ask("/topics/t")), `192.0.2.1:${port}`);
  assert.equal(stage.session.load.timers, 10);
  stage.session.ended();
  assert.equal(stage.session.load.timers, 0);
  stage.wait(10_000);
  assert.deepEqual(stage.take(), []);
});

Deno.test("A request to a group from an address that is not verified hears nothing", () => {
  const stage = listening({ verifyAddresses: "public" });
  call(stage, encode(ask("/topics/t")), "203.0.113.7:5683");
  call(stage, encode(ask("/topics/t")), "192.168.1.7:5683");
  stage.wait(10_000);
  assert.deepEqual(stage.sent.map(({ to }) => to), ["192.168.1.7:5683"]);
});

Deno.test("Groups survive each request cut, and with each bit changed", () => {
  const stage = listening({ leisureMs: 0 }), whole = encode(ask("/topics/t?a=b"));
  for (let end = 0; end < whole.length; end++) call(stage, whole.slice(0, end));
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const damaged = whole.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    call(stage, damaged);
    stage.wait(0);
  }
  for (const message of stage.take()) assert.match(brief(message), /^NON 2\.05 ./);
});
